//! Finding out what a client has already.

use super::id_set::IdSet;
use super::packet::write_packet;
use super::request::{Acknowledging, FetchRequest};
use crate::git::{GitError, ObjectId, Repository};
use std::collections::BinaryHeap;
use std::io::Write;

/// Commits that are looked at to find out whether enough is in common. Beyond, the client is asked further, which is
/// never wrong.
const STEPS_MAX: usize = 200_000;

/// What a client and this repository have in common.
#[derive(Default)]
pub(super) struct Common {
    /// Objects that the client named and that are here, in its order.
    pub named: Vec<ObjectId>,
    /// The commits that they are or lead to.
    pub commits: Vec<ObjectId>,
}

impl Repository {
    /// Which of the objects that the client has are here.
    pub(super) fn common(&self, haves: &[ObjectId]) -> Result<Common, GitError> {
        let mut common = Common::default();
        let mut seen = IdSet::default();
        for id in haves {
            if !seen.insert(*id) {
                continue;
            }
            // A client that has a tag has what it leads to.
            let Some(peeled) = self.peeled(*id)? else { continue };
            common.named.push(*id);
            if self.commit_node(peeled)?.is_some() {
                common.commits.push(peeled);
            }
        }
        Ok(common)
    }

    /// Whether every wanted commit leads to something that the client has: more questions would find little more.
    pub(super) fn is_enough(&self, wanted: &[ObjectId], common: &Common) -> Result<bool, GitError> {
        if common.commits.is_empty() {
            return Ok(false);
        }
        let mut has = IdSet::default();
        let mut oldest = i64::MAX;
        for id in &common.commits {
            let commit = self.known_commit(*id)?;
            oldest = oldest.min(commit.time);
            has.insert(*id);
            has.extend(commit.parents);
        }
        let mut steps = STEPS_MAX;
        for id in wanted {
            if !self.leads_to(*id, &has, oldest, &mut steps)? {
                return Ok(false);
            }
            // Whatever leads to this one is settled too.
            has.insert(*id);
        }
        Ok(true)
    }

    fn leads_to(&self, from: ObjectId, has: &IdSet, oldest: i64, steps: &mut usize) -> Result<bool, GitError> {
        let mut seen = IdSet::default();
        let mut queue = BinaryHeap::from([(i64::MAX, from)]);
        while let Some((_, id)) = queue.pop() {
            if has.contains(&id) {
                return Ok(true);
            }
            if !seen.insert(id) {
                continue;
            }
            let Some(left) = steps.checked_sub(1) else {
                return Ok(false);
            };
            *steps = left;
            let Some(commit) = self.commit_node(id)? else { continue };
            // Commits are mostly not older than their parents, and this is only about when to stop asking.
            if commit.time >= oldest {
                queue.extend(commit.parents.into_iter().map(|parent| (commit.time, parent)));
            }
        }
        Ok(false)
    }

    /// Answers what is in common in the words of the versions 0 and 1; true when the pack follows.
    pub(super) fn acknowledge(
        &self,
        request: &FetchRequest,
        wanted: &[ObjectId],
        common: &Common,
        out: &mut dyn Write,
    ) -> Result<bool, GitError> {
        let mut say = |text: String| write_packet(out, text.as_bytes());
        for (number, id) in common.named.iter().enumerate() {
            match request.acknowledging {
                Acknowledging::Detailed => say(format!("ACK {id} common\n"))?,
                Acknowledging::Every => say(format!("ACK {id} continue\n"))?,
                Acknowledging::First if number == 0 => say(format!("ACK {id}\n"))?,
                Acknowledging::First => {}
            }
        }
        let detailed = request.acknowledging == Acknowledging::Detailed;
        let several = request.acknowledging != Acknowledging::First;
        let Some(last) = common.named.last() else {
            say("NAK\n".to_owned())?;
            return Ok(request.done);
        };
        if request.done {
            if several {
                say(format!("ACK {last}\n"))?;
            }
            return Ok(true);
        }
        let ready = detailed && self.is_enough(wanted, common)?;
        if ready {
            say(format!("ACK {last} ready\n"))?;
        }
        if several {
            say("NAK\n".to_owned())?;
        }
        if ready && request.no_done {
            say(format!("ACK {last}\n"))?;
            return Ok(true);
        }
        Ok(false)
    }

    /// The same in the words of version 2.
    pub(super) fn acknowledge_v2(
        &self,
        request: &FetchRequest,
        wanted: &[ObjectId],
        common: &Common,
        out: &mut dyn Write,
    ) -> Result<bool, GitError> {
        write_packet(out, b"acknowledgments\n")?;
        if common.named.is_empty() {
            write_packet(out, b"NAK\n")?;
        }
        for id in &common.named {
            write_packet(out, format!("ACK {id}\n").as_bytes())?;
        }
        let ready = !request.wait_for_done && self.is_enough(wanted, common)?;
        if ready {
            write_packet(out, b"ready\n")?;
        }
        Ok(ready)
    }
}
