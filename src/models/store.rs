use super::model::ModelFacts;
use crate::base::{Family, RepositoryId};
use crate::repos;
use crate::store::{ReadRows, Scan, StoreError, Table, TableSpec, WriteTx};
use std::ops::ControlFlow;

/// The tables of this slice.
pub const TABLES: &[TableSpec] = &[TableSpec {
    name: "model_facts",
    about: "repository id -> what the files of the model say",
}];

const FACTS: Table<RepositoryId, ModelFacts> = Table::new("model_facts");

/// What the files of a model say.
pub fn facts(tx: &impl ReadRows, id: RepositoryId) -> Result<Option<ModelFacts>, StoreError> {
    FACTS.get(tx, &id)
}

/// Writes it; answers whether it is another, the commit apart.
pub(super) fn put(tx: &WriteTx<'_>, id: RepositoryId, facts: &ModelFacts) -> Result<bool, StoreError> {
    let old = FACTS.get(tx, &id)?;
    FACTS.put(tx, &id, facts)?;
    let told = |facts: &ModelFacts| ModelFacts {
        commit: None,
        ..facts.clone()
    };
    Ok(told(&old.unwrap_or_default()) != told(facts))
}

pub(super) fn remove(tx: &WriteTx<'_>, id: RepositoryId) -> Result<bool, StoreError> {
    FACTS.delete(tx, &id)
}

/// Contradictions within the rows of this slice. Whether they are of the newest commit is not compared: they follow the
/// record of events.
pub fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    FACTS.scan(tx, &Scan::all(), |id, facts| {
        let counted = facts.safetensors.as_ref();
        if counted
            .is_some_and(|header| header.parameters.values().fold(0, |a: u64, b| a.saturating_add(*b)) != header.total)
        {
            problems.push(format!("the parameters of model {id} do not add up"));
        }
        if repos::repository(tx, id)?.is_some_and(|repository| repository.kind.family() != Family::Models) {
            problems.push(format!("repository {id} has facts of a model, but is none"));
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    Ok(problems)
}
