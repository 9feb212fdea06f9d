//! Refuses PDFs that are small on disk and overwhelm the library when they are drawn.

use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::hayro_syntax::object::{Array, MaybeRef, Object, Stream};

use super::super::MAX_UNPACKED;

/// Content of one page or form at most, in bytes: the library needs up to a hundred bytes for
/// each of them, and holds a form's for as long as the forms inside it (up to 50) last.
const MOST_CONTENT: usize = 8 * 1024 * 1024;

/// Procedures in a PostScript function; the library reads nested ones by recursion.
const MOST_BRACES: usize = 1000;

pub(super) fn overwhelms(pdf: &Pdf) -> bool {
    pages_overwhelm(pdf)
        || pdf
            .objects()
            .into_iter()
            .any(|object| object_overwhelms(&object))
}

fn size(stream: &Stream<'_>) -> usize {
    stream.decoded_data().map_or(0, |data| data.len())
}

fn pages_overwhelm(pdf: &Pdf) -> bool {
    let mut all = 0;
    for page in pdf.pages().iter() {
        let mut content = 0;
        if let Some(stream) = page.raw().get::<Stream<'_>>(b"Contents") {
            content = size(&stream);
        } else if let Some(parts) = page.raw().get::<Array<'_>>(b"Contents") {
            // One stream may be named any number of times.
            for part in parts.raw_iter() {
                let MaybeRef::Ref(reference) = part else {
                    continue;
                };
                let stream = page.xref().get::<Stream<'_>>(reference.into());
                content += 1 + stream.map_or(0, |stream| size(&stream));
                if content > MOST_CONTENT {
                    return true;
                }
            }
        }
        all += content;
        if content > MOST_CONTENT || all as u64 > MAX_UNPACKED {
            return true;
        }
    }
    false
}

fn object_overwhelms(object: &Object<'_>) -> bool {
    let Object::Stream(stream) = object else {
        return false;
    };
    let dictionary = stream.dict();
    if dictionary.get::<u8>(b"FunctionType") == Some(4) {
        return stream.decoded_data().is_ok_and(|program| {
            program.iter().filter(|&&byte| byte == b'{').count() > MOST_BRACES
        });
    }
    // Forms have a bounding box.
    dictionary.contains_key(b"BBox") && size(stream) > MOST_CONTENT
}
