//! One attempt: it is sent, judged, recorded, and what it says is learnt.

use anyhow::{Context as _, Result};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request};

use super::super::files::Way;
use super::{Mine, REMEMBERED, Writer};
use crate::api::{self, Written};
use crate::check::Violation;
use crate::client::{Answer, Connection, Lost};
use crate::clock::monotonic_ns;
use crate::history::{Op, Outcome, Record};

/// What an attempt will be recorded as.
pub(super) struct Attempt {
    pub(super) op: Op,
    pub(super) key: Option<String>,
    pub(super) seq: Option<u64>,
    pub(super) body_hash: Option<String>,
    pub(super) request: Request<Full<Bytes>>,
}

/// What came of an attempt.
#[derive(Clone, Copy)]
pub(super) struct Tried {
    pub(super) outcome: Outcome,
    /// No answer came: the connection is of no more use.
    pub(super) cut: bool,
}

impl Writer {
    /// Sends the request and records what came of it.
    pub(super) async fn attempt(
        &mut self,
        connection: &mut Connection,
        attempt: Attempt,
    ) -> Result<Tried> {
        let invoke_ns = monotonic_ns();
        let result = connection.exchange(attempt.request).await;
        let return_ns = monotonic_ns();
        let tried = self.judge(attempt.op, &result);
        let seq = match (&result, attempt.op) {
            (Ok(answer), Op::Send | Op::Edit) if tried.outcome == Outcome::Ok => {
                let key = attempt.key.as_deref();
                Some(self.learn(attempt.op, key, answer)?)
            }
            _ => attempt.seq,
        };
        self.record(Record {
            op: attempt.op,
            key: attempt.key,
            invoke_ns,
            return_ns,
            outcome: tried.outcome,
            seq,
            body_hash: attempt.body_hash,
            ..self.blank()
        })?;
        Ok(tried)
    }

    pub(super) fn judge(&mut self, op: Op, result: &Result<Answer, Lost>) -> Tried {
        let outcome = match result {
            Ok(answer) => Outcome::of(answer.status),
            Err(_) => Outcome::Maybe,
        };
        // Everything a writer does is allowed to it, and a few writers are no overload: whatever
        // is not a success is the server's fault.
        if let Ok(answer) = result
            && outcome != Outcome::Ok
        {
            let detail = format!("{op:?} by {} {}", self.person.user, api::refusal(answer));
            let violation = self.violation("nothing-refused", detail);
            self.refusals.push(violation);
        }
        Tried {
            outcome,
            cut: result.is_err(),
        }
    }

    /// The seq of what was sent or edited; remembers a message that is new.
    fn learn(&mut self, op: Op, key: Option<&str>, answer: &Answer) -> Result<u64> {
        let message: Written = api::parse(answer)?;
        if op == Op::Edit {
            return Ok(message.version);
        }
        self.remember(Mine {
            id: message.id,
            seq: message.seq,
            with_file: key.and_then(Way::of).is_some(),
        });
        Ok(message.seq)
    }

    pub(super) fn remember(&mut self, message: Mine) {
        // The answer to a repeated send is of a message that is known.
        if self.mine.iter().any(|mine| mine.id == message.id) {
            return;
        }
        self.mine.push_back(message);
        if self.mine.len() > REMEMBERED {
            self.mine.pop_front();
        }
    }

    /// Who and where; the rest is to be filled in.
    pub(super) fn blank(&self) -> Record {
        Record {
            process: self.process.clone(),
            user: self.person.user.clone(),
            room: self.room.id.clone(),
            op: Op::Head,
            key: None,
            invoke_ns: 0,
            return_ns: 0,
            outcome: Outcome::Maybe,
            seq: None,
            body_hash: None,
        }
    }

    pub(super) fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Request<Full<Bytes>>> {
        api::request(method, path, &self.person.bearer, body.map(Bytes::from))
    }

    pub(super) fn record(&mut self, record: Record) -> Result<()> {
        self.journal.append(&record).context("keeping a record")?;
        self.records.push(record);
        Ok(())
    }

    pub(super) fn violation(&self, rule: &'static str, detail: String) -> Violation {
        Violation {
            rule,
            room: self.room.id.clone(),
            detail,
        }
    }
}
