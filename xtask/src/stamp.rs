//! Stamps: a folder is current if it was made from the same inputs and has not been changed since.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::util::root;

pub(crate) fn is_current(folder: &Path, inputs: &str) -> Result<bool> {
    let stamp = fs::read_to_string(stamp_path(folder)).unwrap_or_default();
    Ok(folder.exists() && stamp == stamp_text(folder, inputs)?)
}

pub(crate) fn write(folder: &Path, inputs: &str) -> Result<()> {
    Ok(fs::write(stamp_path(folder), stamp_text(folder, inputs)?)?)
}

fn stamp_path(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    root().join("target/wasm").join(format!("{name}.stamp"))
}

fn stamp_text(folder: &Path, inputs: &str) -> Result<String> {
    Ok(format!("{inputs}\n{}\n", digest([&tree(folder)?])))
}

/// The names and contents of all files under a folder, in a fixed order.
pub(crate) fn tree(folder: &Path) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("the folder {} is missing", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    entries.sort();
    for path in entries {
        all.extend_from_slice(path.file_name().unwrap_or_default().as_encoded_bytes());
        all.extend(if path.is_dir() { tree(&path)? } else { fs::read(&path)? });
    }
    Ok(all)
}

pub(crate) fn digest<const N: usize>(parts: [&[u8]; N]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length, so that bytes can't move from one part to the next unnoticed.
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}
