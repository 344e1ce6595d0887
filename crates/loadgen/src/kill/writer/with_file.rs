//! Sends with a file: in one form, or uploaded first and named then.

use anyhow::Result;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request};
use serde::Deserialize;
use serde_json::json;

use super::super::files::{self, Way};
use super::{Tried, Writer};
use crate::api::{self, room_path};
use crate::client::Connection;
use crate::history::{Op, Outcome};
use crate::send::send_request;
use crate::text;

impl Writer {
    /// The send under this key; or what became of the upload before it, which is nothing that a history
    /// knows of.
    pub(super) async fn request_of(
        &mut self,
        connection: &mut Connection,
        key: &str,
    ) -> Result<std::result::Result<Request<Full<Bytes>>, Tried>> {
        Ok(Ok(match Way::of(key) {
            None => send_request(&self.room, &self.person, key.to_owned())?,
            Some(Way::Form) => files::form(&self.room, &self.person, key, Way::Form)?,
            Some(Way::Named) => match self.upload(connection, key).await? {
                Ok(attachment) => self.naming(key, &attachment)?,
                Err(tried) => return Ok(Err(tried)),
            },
        }))
    }

    /// The id under which a message names the file.
    async fn upload(
        &mut self,
        connection: &mut Connection,
        key: &str,
    ) -> Result<std::result::Result<String, Tried>> {
        #[derive(Deserialize)]
        struct Uploaded {
            id: String,
        }
        let request = files::form(&self.room, &self.person, key, Way::Named)?;
        let result = connection.exchange(request).await;
        let tried = self.judge(Op::Send, &result);
        match &result {
            Ok(answer) if tried.outcome == Outcome::Ok => {
                Ok(Ok(api::parse::<Uploaded>(answer)?.id))
            }
            _ => Ok(Err(tried)),
        }
    }

    fn naming(&self, key: &str, attachment: &str) -> Result<Request<Full<Bytes>>> {
        let draft = json!({
            "content": text::of(key),
            "client_message_id": key,
            "attachment": attachment,
        });
        let path = room_path(&self.room.id, "messages/");
        self.request(Method::POST, &path, Some(draft.to_string()))
    }
}
