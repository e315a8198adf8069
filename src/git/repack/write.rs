//! Writing the pack of a plan.

use super::Stop;
use super::plan::{Form, Plan};
use super::search::{Deltas, kind_order};
use crate::git::pack::{PackWriter, header_of};
use crate::git::{GitError, Repository};
use gix::odb::pack::data::entry::Header;

/// Writes every item, bases before what stands on them.
pub(super) fn write(
    repository: &Repository,
    plan: &Plan<'_>,
    deltas: &mut Deltas,
    writer: &mut PackWriter,
    stop: Stop<'_>,
) -> Result<(), GitError> {
    let mut order: Vec<u32> = (0..).zip(&plan.items).map(|(number, _)| number).collect();
    order.sort_by_key(|number| kind_order(plan.items[*number as usize].kind));
    let mut offsets = vec![0_u64; plan.items.len()];
    for number in order {
        stop.check()?;
        let mut waiting = vec![number];
        while let Some(number) = waiting.last().copied() {
            if offsets[number as usize] != 0 {
                waiting.pop();
                continue;
            }
            let base = plan.base(number);
            if let Some(base) = base.filter(|base| offsets[*base as usize] == 0) {
                // A chain is not longer than there are items.
                if waiting.len() > plan.items.len() {
                    return Err(GitError::Damaged("deltas stand on each other in a circle".to_owned()));
                }
                waiting.push(base);
                continue;
            }
            let base = base.map(|base| offsets[base as usize]);
            offsets[number as usize] = writer.offset();
            write_item(repository, plan, number, base, deltas, writer)?;
            waiting.pop();
        }
    }
    Ok(())
}

fn write_item(
    repository: &Repository,
    plan: &Plan<'_>,
    number: u32,
    base: Option<u64>,
    deltas: &mut Deltas,
    writer: &mut PackWriter,
) -> Result<(), GitError> {
    let item = &plan.items[number as usize];
    let header = base.map_or_else(
        || header_of(item.kind),
        |base| Header::OfsDelta {
            base_distance: writer.offset() - base,
        },
    );
    match (item.form, plan.source(number)) {
        (Form::Found(from, stored, length), _) => {
            let compressed = deltas.read(from, stored)?;
            writer.add_compressed(item.id, header, length.into(), &compressed)
        }
        (Form::Copied, Some((pack, place))) => {
            let entry = pack.entry(place)?;
            let compressed = pack.compressed(place, &entry)?;
            writer.add_compressed(item.id, header, entry.decompressed_size, compressed)
        }
        (Form::Copied | Form::Whole, _) => {
            let object = repository.object(item.id)?;
            writer.add(object.kind, item.id, &object.data)
        }
    }
}
