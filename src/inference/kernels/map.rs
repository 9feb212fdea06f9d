//! Weights as memory-mapped bytes.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

/// The bytes of a weight file: part of the program, or mapped from a file.
pub(crate) enum Bytes {
    Static(&'static [u8]),
    Mapped(memmap2::Mmap),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Static(bytes) => bytes,
            Bytes::Mapped(map) => map,
        }
    }
}

/// Maps a file. The plain reference is [`std::fs::read`]: the bytes are the same.
pub(crate) fn map(path: &Path) -> io::Result<Bytes> {
    let file = File::open(path)?;
    // SAFETY: the map is read-only and private to this process. If another process shortens the
    // file while it is mapped, reading it raises SIGBUS; if another process rewrites it, the
    // bytes change under us. Neither can be excluded by any lock that Linux enforces, and
    // it is the trade that every program mapping model weights makes. The bytes are read once,
    // when the weights are hashed and converted, so the window is the start of the program.
    let map = unsafe { memmap2::Mmap::map(&file)? };
    Ok(Bytes::Mapped(map))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_equals_the_file() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert_eq!(&*map(&path).unwrap(), &std::fs::read(&path).unwrap()[..]);
    }
}
