//! The three headers of a client's own key, which every part repeats.

use super::{Edits, Mend};
use crate::domain::customer_key::Begun;
use crate::domain::outcome::ServiceError;
use crate::domain::predict::World;
use crate::domain::upload::MultipartUpload;

const NAMES: [&str; 3] = ["SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"];

/// The key the upload was begun with; none where there was none; else what is to be typed. The key is not said.
pub(super) fn same(edits: &mut Edits<'_>, error: &ServiceError, world: &World<'_>) {
    let empty = NAMES.iter().all(|name| edits.from.get(name).is_empty());
    let begun = world.machine.map_or(&Begun::Unknown, MultipartUpload::begun_with);
    let mut draft = edits.from.clone();
    let mut put = |values: [&str; 3]| NAMES.into_iter().zip(values).for_each(|(name, v)| draft.set(name, v));
    match begun {
        Begun::With(key) => {
            put([&key.algorithm, &key.key, &key.md5]);
            let edit = "Set SSECustomerAlgorithm, SSECustomerKey and SSECustomerKeyMD5 to what Create was sent with.";
            edits.push(draft, edit.into());
        }
        Begun::Without if !empty => {
            put([""; 3]);
            let edit =
                "Clear SSECustomerAlgorithm, SSECustomerKey and SSECustomerKeyMD5: Create named no key.";
            edits.push(draft, edit.into());
        }
        Begun::Unknown if empty && error.message.contains("requested encryption") => {
            put(["AES256", "", ""]);
            let edit = "Set SSECustomerAlgorithm to AES256, and type SSECustomerKey and SSECustomerKeyMD5 as Create had them.";
            edits.by_hand = Some(Mend { draft, edit: edit.into() });
        }
        Begun::Without | Begun::Unknown => {}
    }
}
