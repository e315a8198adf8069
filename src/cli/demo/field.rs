/// Numbers from a seed (SplitMix64).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// From 0 up to, but without, 1.
    pub(super) fn unit(&mut self) -> f32 {
        unit(self.next())
    }

    /// From 0 up to, but without, the end.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Around 0, with a standard deviation of about 1.
    pub(super) fn normal(&mut self) -> f32 {
        ((0..6).map(|_| self.unit()).sum::<f32>() - 3.0) * 1.41
    }
}

fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn unit(bits: u64) -> f32 {
    (bits >> 40) as f32 / (1_u64 << 24) as f32
}

/// A smooth random surface with values from 0 to 1, row after row from the north.
pub(super) struct Field {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f32>,
}

impl Field {
    /// A rough surface, like clouds or the ground from above.
    pub(super) fn fractal(seed: u64, width: usize, height: usize) -> Self {
        Self::surface(seed, width, height, 0.5)
    }

    /// Ridges and valleys.
    pub(super) fn terrain(seed: u64, width: usize, height: usize) -> Self {
        let mut field = Self::surface(seed, width, height, 0.36);
        for value in &mut field.values {
            *value = 1.0 - (2.0 * *value - 1.0).abs();
        }
        field
    }

    /// Five octaves of value noise, each weaker than the one before; the coarsest features take a third of the height.
    fn surface(seed: u64, width: usize, height: usize, roughness: f32) -> Self {
        let mut values = vec![0_f32; width * height];
        let (mut cell, mut weight) = (height as f32 / 3.0, 0.5_f32);
        for octave in 0..5 {
            for row in 0..height {
                for column in 0..width {
                    let at = (column as f32 / cell, row as f32 / cell);
                    values[row * width + column] += weight * noise(seed.wrapping_add(octave), at);
                }
            }
            (cell, weight) = ((cell / 2.1).max(1.0), weight * roughness);
        }
        let (least, most) = values.iter().fold((f32::MAX, f32::MIN), |(least, most), value| {
            (least.min(*value), most.max(*value))
        });
        let span = (most - least).max(f32::EPSILON);
        for value in &mut values {
            *value = (*value - least) / span;
        }
        Self { width, height, values }
    }

    pub(super) fn at(&self, column: usize, row: usize) -> f32 {
        self.values[row.min(self.height - 1) * self.width + column.min(self.width - 1)]
    }
}

/// Random values at whole numbers, smoothly joined.
fn noise(seed: u64, (x, y): (f32, f32)) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let smooth = |part: f32| part * part * (3.0 - 2.0 * part);
    let (right, down) = (smooth(x - column), smooth(y - row));
    let corner = |dx: u64, dy: u64| {
        let place = (column as u64).wrapping_add(dx) << 32 | ((row as u64).wrapping_add(dy) & 0xffff_ffff);
        unit(mixed(place ^ mixed(seed)))
    };
    let join = |from: f32, to: f32, part: f32| from + (to - from) * part;
    join(
        join(corner(0, 0), corner(1, 0), right),
        join(corner(0, 1), corner(1, 1), right),
        down,
    )
}
