//! Whether the objects of a page can be written anew. A stream inside another object, which only a damaged file has, would end the writer, and so
//! the program.

use std::collections::HashSet;

use hayro_syntax::{
    Pdf,
    object::{Dict, MaybeRef, ObjRef, Object, dict::keys::GROUP},
    page::Page,
};

/// Whether what a page uses can be written: its resources and its group, with all that they refer to.
pub(crate) fn is_writable(pdf: &Pdf, page: &Page<'_>) -> bool {
    let resources = page.resources();
    let used = [
        &resources.ext_g_states,
        &resources.shadings,
        &resources.patterns,
        &resources.x_objects,
        &resources.color_spaces,
        &resources.fonts,
        &resources.properties,
    ];
    let mut walk = Walk::default();
    let group = page.raw().get_raw::<Object<'_>>(GROUP);
    if !used.into_iter().all(|dict| walk.dict(dict)) || !group.is_none_or(|group| walk.value(&group)) {
        return false;
    }
    while let Some(next) = walk.to_visit.pop() {
        let is_new = walk.seen.insert(next);
        let object = is_new.then(|| pdf.xref().get::<Object<'_>>(next.into())).flatten();
        let is_well = match object {
            // By itself a stream is as it should be.
            Some(Object::Stream(stream)) => walk.dict(stream.dict()),
            Some(object) => walk.object(&object),
            None => true,
        };
        if !is_well {
            return false;
        }
    }
    true
}

#[derive(Default)]
struct Walk {
    seen: HashSet<ObjRef>,
    to_visit: Vec<ObjRef>,
}

impl Walk {
    fn dict(&mut self, dict: &Dict<'_>) -> bool {
        dict.entries().all(|(_, value)| self.value(&value))
    }

    fn value(&mut self, value: &MaybeRef<Object<'_>>) -> bool {
        match value {
            MaybeRef::Ref(to) => {
                self.to_visit.push(*to);
                true
            }
            MaybeRef::NotRef(object) => self.object(object),
        }
    }

    /// One inside another. How deep that goes the parser limits.
    fn object(&mut self, object: &Object<'_>) -> bool {
        match object {
            Object::Stream(_) => false,
            Object::Dict(dict) => self.dict(dict),
            Object::Array(array) => array.raw_iter().all(|value| self.value(&value)),
            _ => true,
        }
    }
}
