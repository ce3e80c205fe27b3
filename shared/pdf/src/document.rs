//! A PDF, and its pages one by one.

use hayro_syntax::{DecryptionError, Filter, LoadPdfError, Pdf};
use hayro_write::{
    ChunkSettings, ExtractionQuery, extract,
    pdf_writer::{self, Ref},
};

use crate::{
    Error, MAX_BYTES, MAX_PAGE_FILE, MAX_PAGES,
    content::{Fonts, interpret},
    page::{Page, SCAN_COVER},
    writable::is_writable,
};

/// A PDF whose pages were found.
pub struct Document {
    pdf: Pdf,
    pages: u32,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl Document {
    /// Reads the structure of a PDF. A damaged one is mended as far as `hayro` does; one that's encrypted without a user password is
    /// decrypted.
    ///
    /// # Errors
    /// What is wrong with the file, or which limit it exceeds.
    pub fn open(bytes: Vec<u8>) -> Result<Self, Error> {
        check_size(bytes.len() as u64)?;
        // Where readers look for it (ISO 32000-1, annex H.3, note 13).
        let head = bytes.get(..1_024).unwrap_or(&bytes);
        if !head.windows(5).any(|five| five == b"%PDF-") {
            return Err(Error::NotAPdf);
        }
        let pdf = Pdf::new(bytes).map_err(|error| match error {
            LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Error::Encrypted,
            LoadPdfError::Decryption(DecryptionError::MissingIDEntry) => Error::Encryption("it has no ID"),
            LoadPdfError::Decryption(DecryptionError::InvalidEncryption) => {
                Error::Encryption("its parameters are wrong")
            }
            LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
                Error::Encryption("its algorithm isn't known")
            }
            LoadPdfError::Invalid => Error::Damaged,
        })?;
        let found = pdf.pages().len();
        match u32::try_from(found) {
            Ok(0) => Err(Error::Damaged),
            Ok(pages) if pages <= MAX_PAGES => Ok(Self { pdf, pages }),
            _ => Err(Error::TooManyPages { pages: found }),
        }
    }

    /// How many pages there are, from 1 to [`MAX_PAGES`].
    #[must_use]
    pub const fn pages(&self) -> u32 {
        self.pages
    }

    /// A reader of pages. It keeps their fonts: one for some dozens of pages at a time bounds memory.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader { document: self, fonts: Fonts::new() }
    }

    /// A page as a file of its own, for an OCR engine. Pages are counted from 1.
    ///
    /// # Errors
    /// `NoSuchPage`, `PageTooLarge`, `Unextractable`
    pub fn page_file(&self, page: u32) -> Result<Vec<u8>, Error> {
        if !is_writable(&self.pdf, self.page(page)?) {
            return Err(Error::Unextractable { page });
        }
        let index = usize::try_from(page - 1).unwrap_or(usize::MAX);
        let mut next = Ref::new(1);
        let catalog = next.bump();
        let queries = [ExtractionQuery::new_page(index)];
        let extracted = extract(&self.pdf, Box::new(|| next.bump()), ChunkSettings::default(), &queries)
            .map_err(|_| Error::Unextractable { page })?;
        let root = extracted.root_refs.first().and_then(|root| root.ok()).ok_or(Error::Unextractable { page })?;
        let mut file = pdf_writer::Pdf::new();
        file.catalog(catalog).pages(extracted.page_tree_parent_ref);
        file.pages(extracted.page_tree_parent_ref).kids([root]).count(1);
        file.extend(&extracted.chunk);
        let bytes = file.finish();
        if bytes.len() > MAX_PAGE_FILE {
            return Err(Error::PageTooLarge { page, bytes: bytes.len() });
        }
        Ok(bytes)
    }

    /// The picture of a page that is one JPEG and nothing else of note, as scanners make them. `None` if it's anything else. Pages are
    /// counted from 1.
    ///
    /// # Errors
    /// Those of [`Reader::read`].
    pub fn page_jpeg(&self, page: u32) -> Result<Option<Vec<u8>>, Error> {
        let drawn = interpret(self.page(page)?, page, &Fonts::new())?;
        Ok(match drawn.image {
            Some(image)
                if drawn.images == 1
                    && drawn.covered >= SCAN_COVER
                    && image.filters().as_slice() == [Filter::DctDecode] =>
            {
                let bytes = image.raw_data();
                (bytes.len() <= MAX_PAGE_FILE).then(|| bytes.into_owned())
            }
            _ => None,
        })
    }

    fn page(&self, page: u32) -> Result<&hayro_syntax::page::Page<'_>, Error> {
        let index = usize::try_from(page).ok().and_then(|page| page.checked_sub(1));
        index.and_then(|index| self.pdf.pages().get(index)).ok_or(Error::NoSuchPage { page, pages: self.pages })
    }
}

/// Whether a file of that many bytes is read at all.
///
/// # Errors
/// `Empty`, `TooLarge`
pub const fn check_size(size: u64) -> Result<(), Error> {
    match size {
        0 => Err(Error::Empty),
        size if size > MAX_BYTES => Err(Error::TooLarge { size }),
        _ => Ok(()),
    }
}

/// Reads pages of a document.
pub struct Reader<'a> {
    document: &'a Document,
    fonts: Fonts<'a>,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("document", self.document).finish_non_exhaustive()
    }
}

impl Reader<'_> {
    /// Reads a page. Pages are counted from 1.
    ///
    /// # Errors
    /// `NoSuchPage`, or the limit that the page exceeds.
    pub fn read(&self, page: u32) -> Result<Page, Error> {
        interpret(self.document.page(page)?, page, &self.fonts).map(Page::of)
    }
}
