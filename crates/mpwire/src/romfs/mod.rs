//! ROMFS images.
