//! Which folders stand in which, to tell how deep they go.

use crate::git::ObjectId;

/// Marks a folder whose first link is the version before it.
const BESIDE: u32 = 1 << 31;

/// The folders in folders that have any, which get numbers in the order in which they are noted. Of the next version of a folder
/// only what is new is kept: a root folder may have hundreds of folders, and as many versions as there are commits.
#[derive(Default)]
pub(super) struct FolderLinks {
    /// Where the links of each folder begin.
    starts: Vec<u32>,
    links: Vec<ObjectId>,
}

impl FolderLinks {
    /// Notes a folder with those in it that are not in the version `beside` it; answers its number, or none when there are more than can
    /// be counted.
    pub(super) fn note(&mut self, beside: Option<ObjectId>, below: &[ObjectId]) -> Option<u32> {
        let start = u32::try_from(self.links.len())
            .ok()
            .filter(|start| start & BESIDE == 0)?;
        let number = u32::try_from(self.starts.len()).ok()?;
        self.starts.push(start | beside.map_or(0, |_| BESIDE));
        self.links.extend(beside);
        self.links.extend_from_slice(below);
        Some(number)
    }

    fn of(&self, number: u32) -> (Option<ObjectId>, &[ObjectId]) {
        let number = number as usize;
        let start = self.starts[number];
        let end = self
            .starts
            .get(number + 1)
            .map_or(self.links.len(), |end| (end & !BESIDE) as usize);
        let links = &self.links[(start & !BESIDE) as usize..end];
        match links.split_first() {
            Some((beside, below)) if start & BESIDE != 0 => (Some(*beside), below),
            _ => (None, links),
        }
    }

    /// Whether folders stand in each other deeper than any program can follow.
    pub(super) fn deepest_is_within(&self, limit: u16, number_of: &dyn Fn(ObjectId) -> Option<u32>) -> bool {
        // Height of each folder over its deepest one, or of one that it follows; the work list stands for the call stack.
        let mut heights = vec![0_u16; self.starts.len()];
        let mut waiting = Vec::new();
        for root in 0..self.starts.len() {
            waiting.extend(u32::try_from(root));
            while let Some(number) = waiting.last().copied() {
                match self.height(number, &heights, number_of) {
                    Err(unknown) => waiting.push(unknown),
                    Ok(height) if height > limit => return false,
                    Ok(height) => {
                        heights[number as usize] = height;
                        waiting.pop();
                    }
                }
            }
        }
        true
    }

    /// The height of a folder, or the number of one of which it must be known first. A folder without folders has no number.
    fn height(&self, number: u32, heights: &[u16], number_of: &dyn Fn(ObjectId) -> Option<u32>) -> Result<u16, u32> {
        let known = |id: ObjectId| match number_of(id) {
            None => Ok(1),
            Some(number) => match heights[number as usize] {
                0 => Err(number),
                height => Ok(height),
            },
        };
        let (beside, below) = self.of(number);
        let mut height = beside.map_or(Ok(1), known)?;
        for id in below {
            height = height.max(known(*id)?.saturating_add(1));
        }
        Ok(height)
    }
}
