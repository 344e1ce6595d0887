//! What photos prove of deliveries: the signed statements on the orders' timelines.

use orderchat_domain::AttachmentId;
use orderchat_domain::text::hex;
use orderchat_store::{Tx, attachments, proof};
use serde_json::Value;

use super::{PAGE, Place, Report, Result, Wrong};
use crate::signing::PublicKey;

/// Verifies some statements after the one of this key; where to go on, `None` at the end.
pub(super) fn page(
    tx: &mut Tx<'_>,
    keys: &[PublicKey],
    after: i64,
    report: &mut Report,
) -> Result<Option<i64>> {
    let page = proof::statements(tx, after, PAGE)?;
    for statement in &page {
        if let Some(wrong) = fault(tx, keys, &statement.body)? {
            let place = Place::Statement(statement.order.clone());
            report.findings.add(place, wrong);
        }
    }
    let last = page.last().filter(|_| page.len() == PAGE as usize);
    Ok(last.map(|statement| statement.key))
}

fn fault(tx: &mut Tx<'_>, keys: &[PublicKey], body: &str) -> Result<Option<Wrong>> {
    let stated: Value = serde_json::from_str(body).unwrap_or_default();
    let attachment = stated["attachment"].as_str().and_then(AttachmentId::parse);
    let is_sealed = keys.iter().any(|key| key.has_sealed(body));
    let Some(attachment) = attachment.filter(|_| is_sealed) else {
        return Ok(Some(Wrong::StatementChanged));
    };
    let digest = attachments::by_id(tx, attachment)?.and_then(|file| file.digest);
    let is_its_photo = digest.is_some_and(|digest| stated["sha256"] == hex(&digest));
    Ok((!is_its_photo).then_some(Wrong::PhotoOfStatement))
}
