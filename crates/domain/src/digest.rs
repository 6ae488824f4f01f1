//! SHA-256 as text: how secrets and personal data are named where they must not stand in clear.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The 64 hexadecimal characters of the SHA-256 of `data`.
pub(crate) fn sha256_hex(data: impl AsRef<[u8]>) -> String {
    Sha256::digest(data)
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
