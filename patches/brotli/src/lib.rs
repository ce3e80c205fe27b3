//! The calls that `parquet` makes of the crate `brotli`. Decodes only: nothing here writes Parquet with Brotli, and the encoder with
//! its tables is a third of a megabyte.

use std::io::{Error, ErrorKind, Result, Write};

pub use brotli_decompressor::Decompressor;

pub struct CompressorWriter<W> {
    _target: W,
}

impl<W: Write> CompressorWriter<W> {
    pub fn new(target: W, _buffer_size: usize, _quality: u32, _window: u32) -> Self {
        Self { _target: target }
    }
}

impl<W: Write> Write for CompressorWriter<W> {
    fn write(&mut self, _bytes: &[u8]) -> Result<usize> {
        Err(Error::new(ErrorKind::Unsupported, "brotli compression is not built in"))
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
