//! How much of an untrusted file is taken in at most.

const MIB: u64 = 1 << 20;

/// Bounds on a file. Each has a default that lets a Worker with its 128 MB of memory
/// ([Workers limits](https://developers.cloudflare.com/workers/platform/limits/#memory)) read the file with room to spare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the footer. Decoded it takes up to some ten times as much; real footers are a few kB per thousand column chunks.
    pub footer_bytes: u64,
    /// Columns, counting the leaves of nested ones.
    pub columns: usize,
    /// Levels of nesting of a column.
    pub nesting: usize,
    /// Row groups.
    pub row_groups: usize,
    /// Compressed bytes of one row group: they are held whole while its rows are read.
    pub row_group_bytes: u64,
    /// Uncompressed bytes of one page.
    pub page_bytes: u64,
    /// Uncompressed bytes of one page that some other reader, with more memory, may be asked to take. DuckDB writes pages of up to
    /// 100 MB; much more is a decompression bomb.
    pub page_bytes_anywhere: u64,
    /// What reading one row group takes at once: its compressed bytes, and for each column its dictionary and its largest page.
    /// Beside it stand the code (5 MB) and statements of 1.5 MiB each, one being built and two under way with a copy or two (10 MB):
    /// of 128 MB that leaves more than a third in reserve.
    pub working_set_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            footer_bytes: 4 * MIB,
            columns: 4_096,
            nesting: 32,
            row_groups: 32_768,
            row_group_bytes: 32 * MIB,
            page_bytes: 32 * MIB,
            page_bytes_anywhere: 256 * MIB,
            working_set_bytes: 64 * MIB,
        }
    }
}
