use super::field::{Field, Random};
use netcdf3::{DataSet, FileWriter, Version};
use safetensors::tensor::{Dtype, TensorView, serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{Cursor, Seek, SeekFrom, Write};
use std::rc::Rc;
use tiff::encoder::{TiffEncoder, TiffValue};
use tiff::tags::Tag;

/// Weights of 3 × 3 convolutions between layers of so many channels.
pub(super) fn weights(seed: u64, layers: &[usize]) -> anyhow::Result<Vec<u8>> {
    let mut random = Random::new(seed);
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for (index, pair) in layers.windows(2).enumerate() {
        let (inputs, outputs) = (pair[0], pair[1]);
        let scale = (2.0 / (9 * inputs) as f32).sqrt();
        let mut numbers = |count: usize, scale: f32| -> Vec<u8> {
            let bytes = (0..count).flat_map(|_| (random.normal() * scale).to_le_bytes());
            bytes.collect()
        };
        let weight = numbers(outputs * inputs * 9, scale);
        let bias = numbers(outputs, 0.01);
        tensors.push((format!("layers.{index}.weight"), vec![outputs, inputs, 3, 3], weight));
        tensors.push((format!("layers.{index}.bias"), vec![outputs], bias));
    }
    let mut views = Vec::with_capacity(tensors.len());
    for (name, shape, bytes) in &tensors {
        views.push((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?));
    }
    let about = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    Ok(serialize(views, Some(about))?)
}

/// A GeoTIFF in degrees (EPSG:4326): one band of 32-bit numbers, or several of 16 bits. `bbox` is west, south, east and
/// north.
pub(super) fn raster(
    seed: u64,
    [width, height]: [usize; 2],
    bands: u16,
    [west, south, east, north]: [f64; 4],
) -> anyhow::Result<Vec<u8>> {
    // GeoTIFF 1.1: geographic, pixels are areas, WGS 84.
    const GEO_KEYS: [u16; 16] = [1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326];
    let fields: Vec<Field> = (0..u64::from(bands))
        .map(|band| Field::fractal(seed + band, width, height))
        .collect();
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes)?;
    let mut image = encoder.image_directory()?;
    let floating = bands == 1;
    let (offset, length) = if floating {
        let values: Vec<f32> = fields[0].values.iter().map(|value| value * 120.0 - 90.0).collect();
        (image.write_data(values.as_slice())?, values.as_slice().bytes())
    } else {
        let values: Vec<u16> = (0..width * height)
            .flat_map(|pixel| {
                // Bands of one scene look alike but not the same: each is mostly the first, with a part of its own.
                let reflectance = |(band, field): (usize, &Field)| {
                    let value = 0.75 * fields[0].values[pixel] + 0.25 * field.values[pixel];
                    (300.0 + value * 2_600.0 + band as f32 * 220.0) as u16
                };
                fields.iter().enumerate().map(reflectance).collect::<Vec<u16>>()
            })
            .collect();
        (image.write_data(values.as_slice())?, values.as_slice().bytes())
    };
    let each = |value: u16| vec![value; usize::from(bands)];
    image.write_tag(Tag::ImageWidth, width as u32)?;
    image.write_tag(Tag::ImageLength, height as u32)?;
    image.write_tag(Tag::BitsPerSample, each(if floating { 32 } else { 16 }).as_slice())?;
    image.write_tag(Tag::SampleFormat, each(if floating { 3 } else { 1 }).as_slice())?;
    image.write_tag(Tag::Compression, 1_u16)?;
    image.write_tag(Tag::PhotometricInterpretation, 1_u16)?;
    image.write_tag(Tag::SamplesPerPixel, bands)?;
    image.write_tag(Tag::PlanarConfiguration, 1_u16)?;
    if !floating {
        image.write_tag(Tag::ExtraSamples, vec![0_u16; usize::from(bands) - 1].as_slice())?;
    }
    image.write_tag(Tag::RowsPerStrip, height as u32)?;
    image.write_tag(Tag::StripOffsets, u32::try_from(offset)?)?;
    image.write_tag(Tag::StripByteCounts, u32::try_from(length)?)?;
    let scale = [(east - west) / width as f64, (north - south) / height as f64, 0.0];
    image.write_tag(Tag::ModelPixelScaleTag, scale.as_slice())?;
    image.write_tag(Tag::ModelTiepointTag, [0.0, 0.0, 0.0, west, north, 0.0].as_slice())?;
    image.write_tag(Tag::GeoKeyDirectoryTag, GEO_KEYS.as_slice())?;
    image.finish()?;
    Ok(bytes.into_inner())
}

/// Days of precipitation on a regular grid, as classic NetCDF after the CF conventions.
pub(super) fn grid(seed: u64, days: usize, [west, south, east, north]: [f64; 4], step: f64) -> anyhow::Result<Vec<u8>> {
    let columns = ((east - west) / step) as usize + 1;
    let rows = ((north - south) / step) as usize + 1;
    let set = grid_header(days, rows, columns).map_err(netcdf)?;
    let bytes = Shared::default();
    let mut file = FileWriter::open_seek_write("grid.nc", Box::new(bytes.clone())).map_err(netcdf)?;
    file.set_def(&set, Version::Classic, 0).map_err(netcdf)?;
    let axis = |count: usize, from: f64, step: f64| -> Vec<f32> {
        (0..count).map(|index| (from + index as f64 * step) as f32).collect()
    };
    let mut write = |name: &str, values: &[f32]| file.write_var_f32(name, values).map_err(netcdf);
    write("time", &axis(days, 0.0, 1.0))?;
    write("latitude", &axis(rows, north, -step))?;
    write("longitude", &axis(columns, west, step))?;
    let mut rain = Vec::with_capacity(days * rows * columns);
    for day in 0..days {
        let field = Field::fractal(seed + day as u64, columns, rows);
        rain.extend(field.values.iter().map(|value| (value - 0.45).max(0.0).powi(2) * 260.0));
    }
    write("tp", &rain)?;
    file.close().map_err(netcdf)?;
    Ok(bytes.0.take().into_inner())
}

fn grid_header(days: usize, rows: usize, columns: usize) -> Result<DataSet, netcdf3::error::InvalidDataSet> {
    let mut set = DataSet::new();
    set.add_global_attr_string("Conventions", "CF-1.8")?;
    set.add_global_attr_string("title", "Synthetic daily precipitation over East Asia")?;
    for (name, length, unit) in [
        ("time", days, "days since 2020-06-01"),
        ("latitude", rows, "degrees_north"),
        ("longitude", columns, "degrees_east"),
    ] {
        set.add_fixed_dim(name, length)?;
        set.add_var_f32(name, &[name])?;
        set.add_var_attr_string(name, "units", unit)?;
    }
    set.add_var_f32("tp", &["time", "latitude", "longitude"])?;
    set.add_var_attr_string("tp", "units", "mm d-1")?;
    set.add_var_attr_string("tp", "long_name", "total precipitation")?;
    Ok(set)
}

fn netcdf(error: impl std::fmt::Debug) -> anyhow::Error {
    anyhow::anyhow!("the grid cannot be written: {error:?}")
}

/// Bytes that the writer of NetCDF, which keeps what it writes to, leaves behind.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Cursor<Vec<u8>>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Shared {
    fn seek(&mut self, place: SeekFrom) -> std::io::Result<u64> {
        self.0.borrow_mut().seek(place)
    }
}
