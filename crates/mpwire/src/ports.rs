//! What is plugged in.

use serialport::SerialPortType;

/// A serial port of this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// What to open: `/dev/ttyACM0`, `COM3`.
    pub path: String,
    /// What is known of the USB device behind it, if it is one.
    pub usb: Option<UsbDevice>,
}

/// The USB side of a serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbDevice {
    /// USB vendor number.
    pub vendor: u16,
    /// USB product number.
    pub product: u16,
    /// The serial number, by which a board is found again on another port.
    pub serial_number: Option<String>,
    /// The manufacturer's name.
    pub manufacturer: Option<String>,
    /// The product's name.
    pub product_name: Option<String>,
}

/// The serial ports, sorted by path.
pub fn list() -> Result<Vec<Port>, serialport::Error> {
    let mut ports: Vec<Port> = serialport::available_ports()?
        .into_iter()
        .map(|port| Port {
            path: port.port_name,
            usb: match port.port_type {
                SerialPortType::UsbPort(usb) => Some(UsbDevice {
                    vendor: usb.vid,
                    product: usb.pid,
                    serial_number: usb.serial_number,
                    manufacturer: usb.manufacturer,
                    product_name: usb.product,
                }),
                _ => None,
            },
        })
        .collect();
    ports.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(ports)
}
