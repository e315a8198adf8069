use super::error::StoreError;
use super::key::Key;
use super::scan::Scan;
use super::transaction::{ReadRows, WriteTx};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::ops::ControlFlow;

/// The form of a stored value: this byte, then MessagePack with field names.
const VALUE_VERSION: u8 = 1;

/// A table from `K` to `V`, declared as a constant by the slice that owns it.
pub struct Table<K, V> {
    name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: Key, V: Serialize + DeserializeOwned> Table<K, V> {
    /// Declares the table; its name must stand in the schema catalogue.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            types: PhantomData,
        }
    }

    /// The table's name in the file.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The value of a key.
    pub fn get(&self, tx: &impl ReadRows, key: &K) -> Result<Option<V>, StoreError> {
        tx.get(self.name, &key.to_bytes(), |bytes| decode_value(self.name, bytes))
    }

    /// Whether the key has a value; does not decode it.
    pub fn contains(&self, tx: &impl ReadRows, key: &K) -> Result<bool, StoreError> {
        Ok(tx.get(self.name, &key.to_bytes(), |_| Ok(()))?.is_some())
    }

    /// Writes a value, replacing the old one.
    pub fn put(&self, tx: &WriteTx<'_>, key: &K, value: &V) -> Result<(), StoreError> {
        tx.put(self.name, key.to_bytes(), encode_value(self.name, value)?)?;
        Ok(())
    }

    /// Removes a row; answers whether there was one.
    pub fn delete(&self, tx: &WriteTx<'_>, key: &K) -> Result<bool, StoreError> {
        Ok(tx.delete(self.name, key.to_bytes())?.is_some())
    }

    /// Removes every row of a range; answers how many there were.
    pub fn delete_range(&self, tx: &WriteTx<'_>, scan: &Scan<K>) -> Result<usize, StoreError> {
        let mut keys = Vec::new();
        tx.visit(self.name, scan, &mut |key, _| {
            keys.push(key.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
        for key in &keys {
            tx.delete(self.name, key.clone())?;
        }
        Ok(keys.len())
    }

    /// Visits the rows of a range until `visit` breaks off.
    pub fn scan<E: From<StoreError>>(
        &self,
        tx: &impl ReadRows,
        scan: &Scan<K>,
        mut visit: impl FnMut(K, V) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let mut failure = None;
        tx.visit(self.name, scan, &mut |key, value| match visit(
            decode_key(self.name, key)?,
            decode_value(self.name, value)?,
        ) {
            Ok(flow) => Ok(flow),
            Err(error) => {
                failure = Some(error);
                Ok(ControlFlow::Break(()))
            }
        })?;
        failure.map_or(Ok(()), Err)
    }

    /// The rows of a range; give the scan a limit unless the range is known to be small.
    pub fn list(&self, tx: &impl ReadRows, scan: &Scan<K>) -> Result<Vec<(K, V)>, StoreError> {
        let mut rows = Vec::new();
        self.scan(tx, scan, |key, value| {
            rows.push((key, value));
            Ok::<_, StoreError>(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }

    /// The keys of a range, without decoding the values.
    pub fn keys(&self, tx: &impl ReadRows, scan: &Scan<K>) -> Result<Vec<K>, StoreError> {
        let mut keys = Vec::new();
        tx.visit(self.name, scan, &mut |key, _| {
            keys.push(decode_key(self.name, key)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(keys)
    }

    /// The number of rows in a range; visits each of them.
    pub fn count(&self, tx: &impl ReadRows, scan: &Scan<K>) -> Result<u64, StoreError> {
        let mut rows = 0;
        tx.visit(self.name, scan, &mut |_, _| {
            rows += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }
}

pub(super) fn encode_value<V: Serialize>(table: &'static str, value: &V) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![VALUE_VERSION];
    let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map();
    value.serialize(&mut serializer).map_err(|error| StoreError::Row {
        table,
        reason: error.to_string(),
    })?;
    Ok(bytes)
}

pub(super) fn decode_value<V: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<V, StoreError> {
    match bytes.split_first() {
        Some((&VALUE_VERSION, body)) => rmp_serde::from_slice(body).map_err(|error| StoreError::Row {
            table,
            reason: error.to_string(),
        }),
        _ => Err(StoreError::Row {
            table,
            reason: "its form is unknown".to_owned(),
        }),
    }
}

pub(super) fn decode_key<K: Key>(table: &'static str, bytes: &[u8]) -> Result<K, StoreError> {
    let mut rest = bytes;
    K::decode(&mut rest)
        .filter(|_| rest.is_empty())
        .ok_or_else(|| StoreError::Row {
            table,
            reason: "its key has another form".to_owned(),
        })
}
