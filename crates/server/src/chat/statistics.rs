//! Statistics of a room.

use orderchat_domain::permission::Action;
use orderchat_domain::statistics::RoomStatistics;
use orderchat_domain::{Role, RoomId};
use orderchat_store::statistics::{self, People};

use super::access::enter;
use super::{Chat, Context, Result};

/// What there is to say about a room.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    pub(crate) messages: RoomStatistics,
    people: Vec<People>,
}

impl Overview {
    /// Who was ever in the room.
    pub(crate) fn participants(&self) -> u64 {
        self.people.iter().map(|people| people.total).sum()
    }

    /// Who of this role is in it now.
    pub(crate) fn active(&self, role: Role) -> u64 {
        let of_role = self.people.iter().filter(|people| people.role == role);
        of_role.map(|people| people.active).sum()
    }
}

impl Chat {
    /// The room's statistics, up to its newest message.
    pub(crate) async fn statistics(&self, ctx: &Context, room: RoomId) -> Result<Overview> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, messages, people) = self
            .read(move |tx| {
                let scene = enter(tx, chat.policy(), &asked, room, Action::ReadStatistics)?;
                let messages = statistics::of_room(tx, scene.key(), scene.room.record.seq)?;
                let people = statistics::people(tx, scene.key())?;
                Ok((scene, messages, people))
            })
            .await?;
        self.note_reading(ctx, &scene).await?;
        Ok(Overview { messages, people })
    }
}
