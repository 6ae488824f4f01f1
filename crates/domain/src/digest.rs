//! Bytes as text, and SHA-256: how secrets and personal data are named where they must not stand in clear.

use std::fmt;

use sha2::{Digest, Sha256};

/// The 64 hexadecimal characters of the SHA-256 of `data`.
pub(crate) fn sha256_hex(data: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(data))
}

/// 12 bytes as 24 lower-case hexadecimal characters.
pub(crate) fn write_hex(bytes: &[u8; 12], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut digits = [0; 24];
    hex::encode_to_slice(bytes, &mut digits).map_err(|_| fmt::Error)?;
    f.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
}

/// 24 hexadecimal characters, in either case, as 12 bytes.
pub(crate) fn hex_bytes(text: &str) -> Option<[u8; 12]> {
    let mut bytes = [0; 12];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}
