//! The spans of a thread that are open: of plugins, that is all of them.

use core::cell::RefCell;
use core::num::NonZeroU64;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use reglet_sdk_core::log::MAX_TEXT;
use tracing_core::Metadata;
use tracing_core::span::Id;

use super::Named;
use crate::log::record::Field;

/// Spans that may be open at once, and be entered at once. What those beyond them say is not kept.
const MAX_SPANS: usize = 64;

struct Span {
    id: Id,
    parent: Option<Id>,
    metadata: &'static Metadata<'static>,
    /// No more than the source declares.
    fields: Named,
    /// Handles, and spans that have this one as their parent.
    uses: usize,
}

struct Spans {
    open: Vec<Span>,
    entered: Vec<Id>,
}

thread_local! {
    static SPANS: RefCell<Spans> = const { RefCell::new(Spans { open: Vec::new(), entered: Vec::new() }) };
}

impl Spans {
    fn find(&mut self, id: &Id) -> Option<&mut Span> {
        self.open.iter_mut().find(|span| span.id == *id)
    }
}

/// Opens a span. An id is never used again, so those of closed spans, and of other threads' spans, are none here.
pub(super) fn open(metadata: &'static Metadata<'static>, parent: Option<Id>, fields: Named) -> Id {
    static LAST: AtomicU64 = AtomicU64::new(0);

    let id = NonZeroU64::new(LAST.fetch_add(1, Relaxed) + 1).unwrap_or(NonZeroU64::MAX);
    let id = Id::from_non_zero_u64(id);
    SPANS.with_borrow_mut(|spans| {
        if spans.open.len() < MAX_SPANS {
            // Not one that is closed already.
            let parent = parent.filter(|parent| spans.find(parent).map(|span| span.uses += 1).is_some());
            spans.open.push(Span { id: id.clone(), parent, metadata, fields, uses: 1 });
        }
    });
    id
}

/// Adds fields to a span, in place of those with the same names.
pub(super) fn add(id: &Id, fields: Named) {
    SPANS.with_borrow_mut(|spans| {
        let Some(span) = spans.find(id) else { return };
        for field in fields {
            match span.fields.iter_mut().find(|(key, _)| *key == field.0) {
                Some(old) => *old = field,
                None => span.fields.push(field),
            }
        }
    });
}

/// Counts another handle.
pub(super) fn share(id: &Id) {
    SPANS.with_borrow_mut(|spans| {
        if let Some(span) = spans.find(id) {
            span.uses += 1;
        }
    });
}

/// Gives a handle back. With the last one the span is closed, and its parent too if that was kept for it alone.
pub(super) fn close(id: &Id) -> bool {
    SPANS.with_borrow_mut(|spans| {
        let mut closed = false;
        let mut next = Some(id.clone());
        while let Some(id) = next.take()
            && let Some(at) = spans.open.iter().position(|span| span.id == id)
            && let Some(span) = spans.open.get_mut(at)
        {
            span.uses -= 1;
            if span.uses == 0 {
                next = spans.open.swap_remove(at).parent;
                closed = true;
            }
        }
        closed
    })
}

/// Enters a span, if its fields are kept.
pub(super) fn enter(id: &Id) {
    SPANS.with_borrow_mut(|spans| {
        if spans.entered.len() < MAX_SPANS && spans.find(id).is_some() {
            spans.entered.push(id.clone());
        }
    });
}

/// Leaves a span where it was entered last, which may be below others.
pub(super) fn exit(id: &Id) {
    SPANS.with_borrow_mut(|spans| {
        if let Some(at) = spans.entered.iter().rposition(|entered| entered == id) {
            spans.entered.remove(at);
        }
    });
}

/// The span that was entered last, of those that are still open.
pub(super) fn current() -> Option<(Id, &'static Metadata<'static>)> {
    SPANS.with_borrow(|spans| {
        let find = |id: &Id| spans.open.iter().find(|span| span.id == *id);
        spans.entered.iter().rev().find_map(find).map(|span| (span.id.clone(), span.metadata))
    })
}

/// Adds to an event's fields those of the spans that it is in.
pub(super) fn flatten(fields: &mut Named, innermost: Option<Id>) {
    let mut names = String::new();
    SPANS.with_borrow_mut(|spans| {
        let mut next = innermost;
        while let Some(id) = next.take()
            && let Some(span) = spans.find(&id)
        {
            for (key, value) in &span.fields {
                add_outer(fields, key, || value.clone());
            }
            if names.len() < MAX_TEXT {
                let separator = if names.is_empty() { "" } else { ":" };
                names.insert_str(0, separator);
                names.insert_str(0, span.metadata.name());
            }
            next.clone_from(&span.parent);
        }
    });
    if !names.is_empty() {
        add_outer(fields, "spans", || Field::string(&names));
    }
}

/// Adds a field, unless there is one of that name.
fn add_outer(fields: &mut Named, key: &'static str, value: impl FnOnce() -> Field) {
    if !fields.iter().any(|(other, _)| *other == key) {
        fields.push((key, value()));
    }
}
