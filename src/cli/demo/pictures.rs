use super::field::{Field, Random};
use image::{ImageFormat, Rgb, RgbImage};
use serde::Deserialize;
use std::io::Cursor;

/// Colours of a field, from its lowest to its highest values.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Palette {
    Rain,
    Relief,
    Ice,
    Infrared,
    Land,
    Diverging,
    Moisture,
}

impl Palette {
    /// As hexadecimal red, green and blue.
    fn stops(self) -> &'static [u32] {
        match self {
            Self::Rain => &[
                0x00ec_e9e0,
                0x00e4_e2d8,
                0x00be_d8e2,
                0x006e_aed0,
                0x002c_74b2,
                0x0026_3c80,
                0x00d6_9e2e,
                0x00b2_3630,
            ],
            Self::Relief => &[
                0x004a_684e,
                0x0080_9260,
                0x00be_b280,
                0x00a8_8460,
                0x007e_6454,
                0x00e2_ded6,
            ],
            Self::Ice => &[
                0x005c_544c,
                0x0080_7466,
                0x009c_7e5c,
                0x008c_b4cc,
                0x00c8_e2ee,
                0x00fa_fcfd,
            ],
            Self::Infrared => &[
                0x0018_1a20,
                0x0040_444e,
                0x007e_828a,
                0x00d0_d2d6,
                0x0058_a0c4,
                0x003c_9660,
                0x00e8_c448,
                0x00be_3a2c,
            ],
            Self::Land => &[
                0x0026_465c,
                0x0038_5c46,
                0x0070_844e,
                0x00b2_9e6e,
                0x00d6_c4a0,
                0x00f4_f3f0,
            ],
            Self::Diverging => &[
                0x006e_1e2a,
                0x00ba_5c4a,
                0x00ec_d4c0,
                0x00f0_f0e8,
                0x00a8_c8ce,
                0x003e_7892,
            ],
            Self::Moisture => &[0x00c4_a474, 0x00de_cea4, 0x00be_d4b6, 0x0068_a696, 0x0028_6c78],
        }
    }

    fn colour(self, value: f32) -> Rgb<u8> {
        let stops = self.stops();
        let place = value.clamp(0.0, 1.0) * (stops.len() - 1) as f32;
        let low = (place as usize).min(stops.len() - 2);
        let bytes = |stop: u32| {
            let [_, red, green, blue] = stop.to_be_bytes();
            [red, green, blue]
        };
        Rgb(mixed(bytes(stops[low]), bytes(stops[low + 1]), place - low as f32))
    }
}

fn mixed(from: [u8; 3], to: [u8; 3], part: f32) -> [u8; 3] {
    std::array::from_fn(|index| {
        let (from, to) = (f32::from(from[index]), f32::from(to[index]));
        (from + (to - from) * part) as u8
    })
}

/// A field in colours, shaded by its own slope, under a graticule.
pub(super) fn map(seed: u64, [width, height]: [u32; 2], palette: Palette) -> anyhow::Result<Vec<u8>> {
    let field = Field::fractal(seed, width as usize, height as usize);
    let spacing = height / 4;
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let (column, row) = (x as usize, y as usize);
        let light = 1.0 + 3.0 * (field.at(column, row) - field.at(column + 1, row + 1));
        let Rgb(colour) = palette.colour(field.at(column, row));
        let shaded = colour.map(|part| (f32::from(part) * light.clamp(0.8, 1.15)).min(255.0) as u8);
        let on_graticule = x % spacing == spacing / 2 || y % spacing == spacing / 2;
        Rgb(if on_graticule {
            mixed(shaded, [30, 40, 48], 0.25)
        } else {
            shaded
        })
    });
    png(&picture)
}

/// A terrain lit from the north-west.
pub(super) fn hillshade(seed: u64, [width, height]: [u32; 2]) -> anyhow::Result<Vec<u8>> {
    let field = Field::terrain(seed, width as usize, height as usize);
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let (column, row) = (x as usize, y as usize);
        let east = field.at(column + 1, row) - field.at(column.saturating_sub(1), row);
        let south = field.at(column, row + 1) - field.at(column, row.saturating_sub(1));
        let light = (0.6 - 11.0 * (east + south)).clamp(0.08, 1.0);
        Rgb([light * 238.0, light * 234.0, light * 224.0].map(|part| part as u8))
    });
    png(&picture)
}

/// Three curves on paper, one below the other.
pub(super) fn traces(seed: u64, [width, height]: [u32; 2]) -> anyhow::Result<Vec<u8>> {
    const INKS: [[u8; 3]; 3] = [[32, 70, 98], [150, 74, 48], [64, 104, 76]];
    let mut picture = RgbImage::from_pixel(width, height, Rgb([247, 245, 239]));
    for x in (0..width).step_by(width as usize / 10) {
        for y in 0..height {
            picture.put_pixel(x, y, Rgb([224, 221, 212]));
        }
    }
    for (index, ink) in INKS.into_iter().enumerate() {
        let mut random = Random::new(seed + index as u64);
        let middle = height as f32 * (index as f32 + 0.5) / 3.0;
        let arrival = width as f32 * 0.3;
        let mut before = middle;
        for x in 0..width {
            let since = (x as f32 - arrival) / width as f32;
            let loud = if since > 0.0 {
                0.08 + 0.9 * (since * 30.0).min(1.0) * (-4.0 * since).exp()
            } else {
                0.04
            };
            let swing = (x as f32 * 0.55 + index as f32).sin() * 0.6 + random.normal() * 0.4;
            let here = middle + swing * loud * height as f32 / 6.5;
            let (top, bottom) = (before.min(here), before.max(here) + 1.5);
            for y in top.max(0.0) as u32..(bottom as u32).min(height - 1) {
                picture.put_pixel(x, y, Rgb(ink));
            }
            before = here;
        }
    }
    png(&picture)
}

/// A portrait for somebody without one: layers of rock in colours of their own.
pub(super) fn strata(seed: u64) -> anyhow::Result<Vec<u8>> {
    const ROCKS: [[u8; 3]; 10] = [
        [46, 72, 88],
        [86, 122, 132],
        [190, 176, 140],
        [164, 108, 74],
        [112, 66, 54],
        [222, 208, 176],
        [70, 96, 78],
        [140, 150, 112],
        [58, 54, 66],
        [196, 140, 86],
    ];
    let field = Field::fractal(seed, 256, 256);
    let mut random = Random::new(seed);
    let rocks: Vec<[u8; 3]> = (0..7).map(|_| ROCKS[random.below(10) as usize]).collect();
    let tilt = (random.unit() - 0.5) * 0.9;
    let picture = RgbImage::from_fn(256, 256, |x, y| {
        let (column, row) = (x as usize, y as usize);
        let depth = y as f32 / 256.0 + tilt * (x as f32 / 256.0 - 0.5) + 0.22 * (field.at(column, row / 3) - 0.5);
        let layer = (depth * 6.0 + 0.5).clamp(0.0, 6.0) as usize;
        let grain = 0.94 + 0.1 * field.at(row, column);
        Rgb(rocks[layer].map(|part| (f32::from(part) * grain).min(255.0) as u8))
    });
    png(&picture)
}

fn png(picture: &RgbImage) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
