//! Avatars: whatever picture is uploaded becomes a small square PNG, without the metadata of the original, which may
//! say where it was taken.

use super::caller::SelfOrAdmin;
use super::error::UsersError;
use super::model::Account;
use super::profile::present;
use super::{Users, store};
use crate::base::{self, AccountName, Sha256};
use crate::events::{NewEvent, Origin, Subject};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::io::Cursor;

/// Bytes of an uploaded picture.
pub const AVATAR_UPLOAD_MAX_BYTES: usize = 5 * 1024 * 1024;
/// Width and height of an uploaded picture, in pixels.
const UPLOAD_MAX_SIDE: u32 = 8_192;
/// Memory that decoding may take: a photograph of 40 megapixels.
const DECODE_MAX_BYTES: u64 = 128 * 1024 * 1024;
/// Width and height of an avatar, in pixels; smaller pictures are not enlarged.
const AVATAR_SIDE: u32 = 256;

impl Users {
    /// Makes an uploaded picture (PNG, JPEG, WebP or GIF) the avatar of an account: its middle square, at most 256
    /// pixels wide.
    pub async fn set_avatar(&self, proof: SelfOrAdmin, upload: Vec<u8>, origin: Origin) -> Result<Account, UsersError> {
        if upload.len() > AVATAR_UPLOAD_MAX_BYTES {
            return Err(UsersError::PictureTooLarge(base::size::human(
                AVATAR_UPLOAD_MAX_BYTES as u64,
            )));
        }
        // One at a time, because decoding takes memory.
        let turn = self.0.decoding.clone().acquire_owned().await;
        let turn = turn.expect("the semaphore is never closed");
        let picture = base::blocking(move || {
            let _turn = turn;
            reencode(&upload)
        })
        .await?;
        let (id, now, events) = (proof.target().id, self.0.clock.now(), self.0.events.clone());
        self.0
            .store
            .write(move |tx| {
                let account = Account {
                    avatar: Some(Sha256::of(&picture.0)),
                    updated_at: now,
                    ..present(tx, id)?
                };
                store::AVATARS.put(tx, &id, &picture)?;
                store::put_account(tx, &account)?;
                events.record(
                    tx,
                    NewEvent::new("account.avatar_changed", &origin, Subject::Account(id)),
                )?;
                Ok(account)
            })
            .await
    }

    /// The avatar of an account as PNG, and its digest.
    pub fn avatar(&self, name: &AccountName) -> Result<(Sha256, Vec<u8>), UsersError> {
        self.0.store.read(|tx| {
            let account = store::account_by_name(tx, name)?;
            let account = account.ok_or_else(|| UsersError::UnknownAccount(name.to_string()))?;
            let digest = account.avatar.ok_or(UsersError::NoAvatar(account.name))?;
            let picture = store::AVATARS.get(tx, &account.id)?;
            let picture = picture.ok_or_else(|| UsersError::NoAvatar(name.clone()))?;
            Ok((digest, picture.0))
        })
    }
}

/// Decodes within limits, turns the picture upright, cuts out the middle square and writes it as PNG.
fn reencode(upload: &[u8]) -> Result<Picture, UsersError> {
    let unusable = |error: image::ImageError| UsersError::UnusablePicture(error.to_string());
    let mut limits = Limits::default();
    limits.max_image_width = Some(UPLOAD_MAX_SIDE);
    limits.max_image_height = Some(UPLOAD_MAX_SIDE);
    limits.max_alloc = Some(DECODE_MAX_BYTES);
    let mut reader = ImageReader::new(Cursor::new(upload));
    reader.limits(limits.clone());
    let reader = reader
        .with_guessed_format()
        .map_err(|error| unusable(image::ImageError::IoError(error)))?;
    let mut decoder = reader.into_decoder().map_err(unusable)?;
    limits.reserve(decoder.total_bytes()).map_err(unusable)?;
    let orientation = decoder.orientation().map_err(unusable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unusable)?;
    // The square is cut and shrunk first, because turning copies the whole picture.
    let side = picture.width().min(picture.height());
    let (left, top) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    let target = side.min(AVATAR_SIDE);
    picture = picture.crop_imm(left, top, side, side);
    if side > 4 * target {
        // A fast reduction leaves little for the good one to do.
        picture = picture.thumbnail_exact(2 * target, 2 * target);
    }
    picture = picture.resize_exact(target, target, FilterType::Lanczos3);
    picture.apply_orientation(orientation);
    let picture = if picture.color().has_alpha() {
        DynamicImage::from(picture.to_rgba8())
    } else {
        DynamicImage::from(picture.to_rgb8())
    };
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(unusable)?;
    Ok(Picture(bytes.into_inner()))
}

/// The bytes of a PNG, stored as bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture(Vec<u8>);

impl fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Picture({} bytes)", self.0.len())
    }
}

impl Serialize for Picture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

struct PictureVisitor;

impl serde::de::Visitor<'_> for PictureVisitor {
    type Value = Picture;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the bytes of a picture")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Picture, E> {
        Ok(Picture(bytes.to_vec()))
    }

    fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Picture, E> {
        Ok(Picture(bytes))
    }
}

impl<'de> Deserialize<'de> for Picture {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(PictureVisitor)
    }
}
