//! `connect`: to a board, or the list of what is there.

use mpwire::link::Address;
use mpwire::ports;

use crate::args::ConnectArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::report;

/// Connects, or lists the ports.
pub fn connect(connection: &mut Connection, arguments: &ConnectArgs) -> Result<(), Error> {
    if arguments.device == "list" {
        connection.disconnect();
        connection.did_action();
        return list();
    }
    connection.connect(&Address::parse(&arguments.device))
}

/// One line a port: path, serial number, vendor:product, manufacturer, product name.
fn list() -> Result<(), Error> {
    let ports = ports::list().map_err(|error| Error::message(format!("connect list: {error}")))?;
    for port in ports {
        let usb = port.usb.as_ref();
        let word = |text: Option<&String>| text.map_or("None", |text| text).to_owned();
        report::line(&format!(
            "{} {} {:04x}:{:04x} {} {}",
            port.path,
            word(usb.and_then(|usb| usb.serial_number.as_ref())),
            usb.map_or(0, |usb| usb.vendor),
            usb.map_or(0, |usb| usb.product),
            word(usb.and_then(|usb| usb.manufacturer.as_ref())),
            word(usb.and_then(|usb| usb.product_name.as_ref())),
        ))?;
    }
    Ok(())
}
