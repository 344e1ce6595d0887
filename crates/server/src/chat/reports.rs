//! A message is reported to those who moderate: they find it in the audit.

use orderchat_domain::message::ReportReason;
use orderchat_domain::permission::Action;
use orderchat_domain::text::{REASON_LENGTH, clean_optional};
use orderchat_domain::{MessageId, Millis, Refusal};
use orderchat_store::reports;
use orderchat_store::reports::Report;

use super::access::enter_to_change;
use super::messages::visible;
use super::{Chat, Context, Result, audit};

/// What somebody has against a message.
#[derive(Clone, Debug)]
pub(crate) struct Complaint {
    reason: ReportReason,
    note: Option<String>,
}

impl Complaint {
    pub(crate) fn parse(reason: &str, note: Option<&str>) -> std::result::Result<Self, Refusal> {
        let names = || ReportReason::ALL.map(ReportReason::as_str).join(", ");
        let unknown = || Refusal::invalid("/reason", format!("is no reason; give {}", names()));
        Ok(Self {
            reason: ReportReason::parse(reason).ok_or_else(unknown)?,
            note: clean_optional("/note", note, REASON_LENGTH)?,
        })
    }

    /// For the audit: the reason, and what was written about it.
    fn detail(&self) -> String {
        let reason = self.reason.as_str();
        match &self.note {
            Some(note) => format!("{reason}: {note}"),
            None => reason.to_owned(),
        }
    }
}

/// The report that is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported {
    pub(crate) message: MessageId,
    pub(crate) reason: ReportReason,
    pub(crate) at: Millis,
    pub(crate) is_new: bool,
}

impl Chat {
    /// Reports a message, once for each person: whoever reports it again gets their first report.
    pub(crate) async fn report_message(
        &self,
        ctx: &Context,
        id: &str,
        complaint: Complaint,
    ) -> Result<Reported> {
        let (room, seq) = self.message_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        self.write(Some(room), move |tx| {
            let action = Action::ReportMessage;
            let scene = enter_to_change(tx, chat.policy(), &asked, room, action)?;
            let viewer = chat.viewer(&asked, scene.own.as_ref());
            let message = visible(tx, viewer, &scene.room, seq)?.id;
            let (reason, at) = (complaint.reason, asked.now);
            let report = Report { reason, at };
            let (kept, is_new) = reports::add(tx, scene.key(), seq, asked.user, report)?;
            if is_new {
                let (target, detail) = (message.to_string(), complaint.detail());
                let (action, key) = ("message.reported", Some(scene.key()));
                audit::record(tx, &asked, action, key, Some(&target), &detail)?;
            }
            Ok(Reported {
                message,
                reason: kept.reason,
                at: kept.at,
                is_new,
            })
        })
        .await
    }
}
