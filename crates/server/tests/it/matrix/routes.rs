//! Every route, how to ask for it, and which rule must answer.

use orderchat_domain::permission::Action;

use Action as A;
use Asks::{Attach, Card, Create, Others, Own, Receipt, Role, Table, Token};

/// A route of the matrix: how to ask for it, and which rule must answer.
pub(super) struct Route {
    pub(super) method: &'static str,
    /// `{…}` stand for things of the cell's room, see [`super::cell::fill`].
    pub(super) path: &'static str,
    /// Accepted by the route when nothing else is in the way; empty for none.
    pub(super) body: &'static str,
    pub(super) asks: Asks,
    /// The status when it is done.
    pub(super) done: u16,
}

/// What must be asked before the route does anything.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Asks {
    /// The permission table and the room's state.
    Table(Action),
    /// As `Table(SendMessage)`, and never by the service.
    Attach,
    /// As `Table(ReadRoom)`, but the card of a public room is enough.
    Card,
    /// As `Table(ReadRoom)`, from people in the room, until it is archived.
    Receipt,
    /// Editing or deleting one's own message: the table, the state, and whose it is.
    Own(Action),
    /// The same with a message of somebody else.
    Others(Action),
    /// A role, and no room: reporting orders and users.
    Role(Action),
    /// The room of the order, made or found again.
    Create,
    /// Nothing but a token.
    Token,
}

const fn route(
    method: &'static str,
    path: &'static str,
    body: &'static str,
    asks: Asks,
    done: u16,
) -> Route {
    Route {
        method,
        path,
        body,
        asks,
        done,
    }
}

#[rustfmt::skip]
pub(super) const ROUTES: [Route; 65] = [
    route("GET",    "/api/chat/rooms/",                             "", Token, 200),
    route("POST",   "/api/chat/rooms/",                             r#"{"order":"{order}"}"#, Create, 200),
    route("GET",    "/api/chat/rooms/{room}/",                      "", Card, 200),
    route("PUT",    "/api/chat/rooms/{room}/",                      r#"{"title":"Put"}"#, Table(A::UpdateRoom), 200),
    route("PATCH",  "/api/chat/rooms/{room}/",                      r#"{"title":"Patched"}"#, Table(A::UpdateRoom), 200),
    route("DELETE", "/api/chat/rooms/{room}/",                      "", Table(A::DeleteRoom), 204),
    route("POST",   "/api/chat/rooms/{room}/close/",                "{}", Table(A::CloseRoom), 200),
    route("POST",   "/api/chat/rooms/{room}/archive/",              "{}", Table(A::ArchiveRoom), 200),
    route("POST",   "/api/chat/rooms/{room}/reopen/",               "{}", Table(A::ReopenRoom), 200),
    route("POST",   "/api/chat/rooms/{room}/join/",                 "{}", Table(A::JoinRoom), 200),
    route("POST",   "/api/chat/rooms/{room}/leave/",                "{}", Table(A::LeaveRoom), 200),
    route("POST",   "/api/chat/rooms/{room}/read/",                 "{}", Receipt, 200),
    route("GET",    "/api/chat/rooms/{room}/events/",               "", Table(A::ReadRoom), 200),
    route("GET",    "/api/chat/rooms/{room}/stats/",                "", Table(A::ReadStatistics), 200),
    route("GET",    "/api/chat/search/?q=said&room={room}",         "", Table(A::ReadRoom), 200),
    route("GET",    "/api/chat/rooms/{room}/participants/",         "", Table(A::ReadRoom), 200),
    route("POST",   "/api/chat/rooms/{room}/participants/",         r#"{"user":"extra"}"#, Table(A::AddParticipant), 201),
    route("GET",    "/api/chat/rooms/{room}/messages/",             "", Table(A::ReadRoom), 200),
    route("POST",   "/api/chat/rooms/{room}/messages/",             r#"{"content":"said"}"#, Table(A::SendMessage), 201),
    route("GET",    "/api/chat/participants/{bystander}/",          "", Table(A::ReadRoom), 200),
    route("PUT",    "/api/chat/participants/{bystander}/",          r#"{"role":"customer"}"#, Table(A::ChangeParticipant), 200),
    route("PATCH",  "/api/chat/participants/{bystander}/",          r#"{"role":"customer"}"#, Table(A::ChangeParticipant), 200),
    route("DELETE", "/api/chat/participants/{bystander}/",          "", Table(A::RemoveParticipant), 204),
    route("POST",   "/api/chat/participants/{bystander}/mute/",     "{}", Table(A::MuteParticipant), 200),
    route("POST",   "/api/chat/participants/{muted}/unmute/",       "{}", Table(A::UnmuteParticipant), 200),
    route("POST",   "/api/chat/participants/{bystander}/block/",    "{}", Table(A::BlockParticipant), 200),
    route("POST",   "/api/chat/participants/{blocked}/unblock/",    "{}", Table(A::UnblockParticipant), 200),
    route("GET",    "/api/chat/messages/{others}/",                 "", Table(A::ReadRoom), 200),
    route("PUT",    "/api/chat/messages/{own}/",                    r#"{"content":"put"}"#, Own(A::EditMessage), 200),
    route("PATCH",  "/api/chat/messages/{own}/",                    r#"{"content":"patched"}"#, Own(A::EditMessage), 200),
    route("PUT",    "/api/chat/messages/{others}/",                 r#"{"content":"put"}"#, Others(A::EditMessage), 200),
    route("PATCH",  "/api/chat/messages/{others}/",                 r#"{"content":"patched"}"#, Others(A::EditMessage), 200),
    route("DELETE", "/api/chat/messages/{own}/",                    r#"{"reason":"r"}"#, Own(A::DeleteMessage), 204),
    route("DELETE", "/api/chat/messages/{others}/",                 r#"{"reason":"r"}"#, Others(A::DeleteMessage), 204),
    route("POST",   "/api/chat/messages/{others}/read/",            "{}", Receipt, 200),
    route("POST",   "/api/chat/messages/{others}/delivered/",       "{}", Receipt, 200),
    route("POST",   "/api/chat/messages/{others}/reply/",           r#"{"content":"replied"}"#, Table(A::SendMessage), 201),
    route("POST",   "/api/chat/messages/{others}/report/",          r#"{"reason":"spam"}"#, Table(A::ReportMessage), 201),
    route("GET",    "/api/chat/messages/{others}/thread/",          "", Table(A::ReadRoom), 200),
    route("GET",    "/api/chat/messages/{others}/history/",         "", Table(A::ReadHistory), 200),
    route("GET",    "/api/chat/messages/unread/",                   "", Token, 200),
    route("POST",   "/api/chat/messages/read-all/",                 "{}", Token, 200),
    route("GET",    "/api/chat/me/",                                "", Token, 200),
    route("PATCH",  "/api/chat/me/",                                r#"{"language":"en"}"#, Token, 200),
    route("GET",    "/api/chat/events/?room={room}",                "", Table(A::ReadRoom), 200),
    route("POST",   "/api/chat/rooms/{room}/attachments/",          "{form}", Attach, 201),
    route("GET",    "/api/chat/attachments/{file}/",                "", Table(A::ReadRoom), 200),
    route("GET",    "/api/chat/attachments/{file}/thumbnail/",      "", Table(A::ReadRoom), 404),
    route("POST",   "/api/chat/attachments/{file}/url/",            "{}", Table(A::ReadRoom), 200),
    route("POST",   "/api/chat/rooms/{room}/messages/",             "{form}", Attach, 201),
    // Without the version of tus nothing is looked at; `files::resumable` has the rest.
    route("POST",   "/api/chat/uploads/",                           "", Token, 412),
    route("HEAD",   "/api/chat/uploads/nobody-here/",               "", Token, 412),
    route("PATCH",  "/api/chat/uploads/nobody-here/",               "", Token, 412),
    route("DELETE", "/api/chat/uploads/nobody-here/",               "", Token, 412),
    // No token decides here: who asks says the first frame.
    route("GET",    "/api/chat/ws/",                                "", Token, 426),
    route("GET",    "/api/orders/{order}/",                         "", Table(A::ReadOrder), 200),
    route("GET",    "/api/orders/{order}/timeline/",                "", Table(A::ReadOrder), 200),
    route("GET",    "/api/orders/{order}/policy/",                  "", Table(A::ReadRights), 200),
    route("POST",   "/api/orders/events/",                          "{event}", Role(A::ReportOrders), 202),
    route("GET",    "/api/chat/rooms/{room}/quick-replies/",        "", Table(A::ReadRoom), 200),
    route("PUT",    "/api/orders/{order}/",                         "{report}", Role(A::ReportOrders), 200),
    route("PUT",    "/api/users/extra/",                            r#"{"name":"extra","role":"customer"}"#, Role(A::ReportOrders), 200),
    route("POST",   "/api/users/nobody-here/revoke/",               "{}", Role(A::ReportOrders), 200),
    route("GET",    "/api/audit/",                                  "", Role(A::ReadHistory), 200),
    route("GET",    "/api/chat/rooms/{room}/messages/?limit=1",     "", Table(A::ReadRoom), 200),
];
