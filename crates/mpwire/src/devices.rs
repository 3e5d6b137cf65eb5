//! USB devices that are known: boards, adapters, and bootloaders that wait for firmware.
//!
//! Vendor and product numbers are those of the ports' `mpconfigport.h` and `mpconfigboard.h`, of the
//! makers' bootloaders, and of Linux' drivers (`drivers/usb/serial`).

use crate::ports::UsbDevice;

/// What kind of device it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A board that is a USB device itself. Opening its port resets nothing.
    Board,
    /// A chip between USB and a board's UART. What is behind it cannot be told, and opening the port
    /// moves lines that may reset it.
    Adapter,
    /// A board whose bootloader waits for firmware: no serial port.
    Bootloader,
}

/// A device that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// USB vendor number.
    pub vendor: u16,
    /// USB product number; `None` for all of the vendor's that are not named by themselves.
    pub product: Option<u16>,
    /// What people call it.
    pub name: &'static str,
    /// What kind it is.
    pub kind: Kind,
}

const fn of(vendor: u16, product: u16, kind: Kind, name: &'static str) -> Known {
    Known {
        vendor,
        product: Some(product),
        name,
        kind,
    }
}

const fn any(vendor: u16, kind: Kind, name: &'static str) -> Known {
    Known {
        vendor,
        product: None,
        name,
        kind,
    }
}

/// Those with a product number go before the rest of their vendor's.
const DEVICES: &[Known] = &[
    of(0x2e8a, 0x0003, Kind::Bootloader, "RP2040 in BOOTSEL mode"),
    of(0x2e8a, 0x000f, Kind::Bootloader, "RP2350 in BOOTSEL mode"),
    of(0x0483, 0xdf11, Kind::Bootloader, "STM32 in DFU mode"),
    of(
        0x303a,
        0x0002,
        Kind::Bootloader,
        "ESP32-S2 in download mode",
    ),
    of(0x2e8a, 0x0004, Kind::Adapter, "Raspberry Pi Picoprobe"),
    of(0x2e8a, 0x000c, Kind::Adapter, "Raspberry Pi Debug Probe"),
    of(0x2e8a, 0x0005, Kind::Board, "MicroPython on RP2"),
    of(0x303a, 0x1001, Kind::Board, "Espressif USB-Serial-JTAG"),
    of(0x303a, 0x4001, Kind::Board, "Espressif with USB of its own"),
    any(0xf055, Kind::Board, "MicroPython board"),
    any(0x2e8a, Kind::Board, "Raspberry Pi microcontroller"),
    any(0x303a, Kind::Board, "Espressif board"),
    any(0x239a, Kind::Board, "Adafruit board"),
    any(0x0d28, Kind::Board, "Arm DAPLink (BBC micro:bit)"),
    of(0x10c4, 0xea60, Kind::Adapter, "Silicon Labs CP210x"),
    of(0x10c4, 0xea70, Kind::Adapter, "Silicon Labs CP2105"),
    of(0x10c4, 0xea71, Kind::Adapter, "Silicon Labs CP2108"),
    of(0x1a86, 0x7523, Kind::Adapter, "WCH CH340"),
    of(0x1a86, 0x5523, Kind::Adapter, "WCH CH341"),
    of(0x1a86, 0x55d3, Kind::Adapter, "WCH CH343"),
    of(0x1a86, 0x55d4, Kind::Adapter, "WCH CH9102"),
    of(0x0403, 0x6001, Kind::Adapter, "FTDI FT232R"),
    of(0x0403, 0x6010, Kind::Adapter, "FTDI FT2232"),
    of(0x0403, 0x6011, Kind::Adapter, "FTDI FT4232"),
    of(0x0403, 0x6014, Kind::Adapter, "FTDI FT232H"),
    of(0x0403, 0x6015, Kind::Adapter, "FTDI FT230X"),
    of(0x067b, 0x2303, Kind::Adapter, "Prolific PL2303"),
    of(0x067b, 0x23a3, Kind::Adapter, "Prolific PL2303GC"),
    of(0x0483, 0x374b, Kind::Adapter, "ST-LINK/V2-1"),
    of(0x0483, 0x374e, Kind::Adapter, "STLINK-V3"),
];

/// What is known of a device with these numbers.
#[must_use]
pub fn find(vendor: u16, product: u16) -> Option<Known> {
    DEVICES
        .iter()
        .find(|known| known.vendor == vendor && known.product.is_none_or(|only| only == product))
        .copied()
}

/// Whether it is a board for certain, so that opening its port resets nothing.
#[must_use]
pub fn is_board(usb: &UsbDevice) -> bool {
    find(usb.vendor, usb.product).is_some_and(|known| known.kind == Kind::Board)
}

/// USB devices of this computer that should be serial ports and are none, or wait for firmware. What
/// the system does not tell is left out.
pub(crate) fn without_port(ports: &[crate::ports::Port]) -> Vec<Known> {
    use nusb::MaybeFuture as _;

    let Ok(devices) = nusb::list_devices().wait() else {
        return Vec::new();
    };
    let plugged: Vec<(u16, u16)> = devices
        .map(|device| (device.vendor_id(), device.product_id()))
        .collect();
    missing(&plugged, ports)
}

/// Of the devices with these numbers, those that have no port, each kind once. Only what is known by
/// both its numbers is: a vendor has other devices, too.
fn missing(plugged: &[(u16, u16)], ports: &[crate::ports::Port]) -> Vec<Known> {
    let mut found: Vec<Known> = Vec::new();
    for &(vendor, product) in plugged {
        let Some(known) = find(vendor, product).filter(|known| known.product.is_some()) else {
            continue;
        };
        let has_port = ports
            .iter()
            .filter_map(|port| port.usb.as_ref())
            .any(|usb| (usb.vendor, usb.product) == (vendor, product));
        if !has_port && !found.contains(&known) {
            found.push(known);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Port;

    fn port(vendor: u16, product: u16) -> Port {
        Port {
            path: "/dev/ttyACM0".to_owned(),
            usb: Some(UsbDevice {
                vendor,
                product,
                serial_number: None,
                manufacturer: None,
                product_name: None,
            }),
        }
    }

    #[test]
    fn a_product_goes_before_its_vendor() {
        let kind = |vendor, product| find(vendor, product).map(|known| known.kind);
        assert_eq!(kind(0x2e8a, 0x0003), Some(Kind::Bootloader));
        assert_eq!(kind(0x2e8a, 0x000c), Some(Kind::Adapter));
        assert_eq!(kind(0x2e8a, 0x1234), Some(Kind::Board));
        assert_eq!(kind(0x1a86, 0x7523), Some(Kind::Adapter));
        assert_eq!(kind(0x1a86, 0x0001), None);
        for (index, known) in DEVICES.iter().enumerate() {
            let hidden = DEVICES[..index].iter().any(|before| {
                before.vendor == known.vendor
                    && (before.product.is_none() || before.product == known.product)
            });
            assert!(!hidden, "{known:?}");
        }
    }

    #[test]
    fn a_device_that_should_have_a_port_and_has_none_is_found_once() {
        let plugged = [
            (0x1a86, 0x7523),
            (0x1a86, 0x7523),
            (0x2e8a, 0x0003),
            (0x046d, 0xc077),
            (0x10c4, 0xea60),
        ];
        let found = missing(&plugged, &[port(0x10c4, 0xea60)]);
        let names: Vec<&str> = found.iter().map(|known| known.name).collect();
        assert_eq!(names, ["WCH CH340", "RP2040 in BOOTSEL mode"]);
    }
}
