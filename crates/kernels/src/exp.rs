//! `exp`, `tanh` and the normal distribution in f32: a few fused multiply-adds without branches,
//! which the compiler lays out over vectors of any width with the same bits.
//!
//! `exp` by Cody and Waite's reduction ("Software Manual for the Elementary Functions", 1980,
//! chapter 6); the polynomials are minimax fits of our own. What is not a number stays so.

/// Added and taken away again, it rounds to a whole number.
const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23

/// `e^x`, at most 1.5 units in the last place off; subnormal results too, and infinity beyond.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Comparisons, and not `max` and `min`, which would lose what is not a number.
    let x = if x < -104.0 { -104.0 } else { x };
    let x = if x > 89.0 { 89.0 } else { x };
    let (p, whole) = reduced(x);
    // Times 2^whole, by two factors: one would be out of range at the ends.
    let half = whole >> 1;
    p * power(half) * power(whole.wrapping_sub(half))
}

/// The same bits as [`exp`] gives from -87 to 0, in fewer steps; what is below counts as -87.
#[inline(always)]
pub(crate) fn exp_below(x: f32) -> f32 {
    let (p, whole) = reduced(if x < -87.0 { -87.0 } else { x });
    p * power(whole)
}

/// `e^x` by a number around one and a power of two.
#[inline(always)]
fn reduced(x: f32) -> (f32, i32) {
    const LN_2_HIGH: f32 = 0.693_359_4; // 9 bits
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    let r = whole.mul_add(-LN_2_HIGH, x);
    let r = whole.mul_add(-LN_2_LOW, r); // |r| <= ln 2 / 2
    let p = 0.001_381_459_8f32;
    let p = p.mul_add(r, 0.008_368_717);
    let p = p.mul_add(r, 0.041_668_39);
    let p = p.mul_add(r, 0.166_665_21);
    let p = p.mul_add(r, 0.499_999_94);
    let p = (p * r).mul_add(r, r) + 1.0;
    (
        p,
        (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32),
    )
}

#[inline(always)]
fn power(of: i32) -> f32 {
    f32::from_bits((of.wrapping_add(127) as u32) << 23)
}

/// `tanh(x)`, at most 2 units in the last place off.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let far = 1.0 - 2.0 / (exp(2.0 * size) + 1.0);
    let z = x * x;
    let p = 0.002_147_54f32;
    let p = p.mul_add(z, -0.008_182_677);
    let p = p.mul_add(z, 0.021_702_97);
    let p = p.mul_add(z, -0.053_947_203);
    let p = p.mul_add(z, 0.133_332_1);
    let p = p.mul_add(z, -0.333_333_3);
    let near = (p * z).mul_add(x, x);
    if size < 0.625 { near } else { far.copysign(x) }
}

/// The share of the normal distribution below `x`, `(1 + erf(x / sqrt 2)) / 2`, at most 8 units in
/// the last place off where it is at least 1e-36.
#[inline(always)]
pub(crate) fn normal(x: f32) -> f32 {
    // The part outside of `size` is e^(-size^2 / 2) times a slow function of `t`.
    let size = x.abs();
    let t = 1.0 / size.mul_add(0.3, 1.0);
    let p = -0.020_628_702f32;
    let p = p.mul_add(t, 0.112_465_01);
    let p = p.mul_add(t, -0.228_285_28);
    let p = p.mul_add(t, 0.191_883_95);
    let p = p.mul_add(t, -0.079_509_705);
    let p = p.mul_add(t, 0.096_205_205);
    let p = p.mul_add(t, 0.078_372_13);
    let p = p.mul_add(t, 0.110_239_364);
    let p = p.mul_add(t, 0.119_571_31);
    let p = p.mul_add(t, 0.119_686_715) * t;
    // A large square's rounding would show: it is made good to first order.
    let size = if size > 20.0 { 20.0 } else { size };
    let square = size * size;
    let lost = size.mul_add(size, -square);
    let outside = p * exp(-0.5 * square) * lost.mul_add(-0.5, 1.0);
    if x < 0.0 { outside } else { 1.0 - outside }
}

#[cfg(test)]
mod tests {
    use super::{exp, exp_below, normal, tanh};

    /// Numbers of every size between two, and of both signs where one is negative.
    fn spread(from: f32, to: f32) -> impl Iterator<Item = f32> {
        let bits = (0..=u32::MAX).step_by(997).map(f32::from_bits);
        bits.filter(move |x| (from..=to).contains(x))
    }

    /// How many units in the last place `found` is off.
    fn off(found: f32, exact: f64) -> f64 {
        let ulp = f64::from((exact.abs() as f32).next_up()) - f64::from(exact.abs() as f32);
        (f64::from(found) - exact).abs() / ulp
    }

    fn worst(from: f32, to: f32, of: fn(f32) -> f32, exact: impl Fn(f64) -> f64) -> (f64, f32) {
        spread(from, to)
            .map(|x| (off(of(x), exact(f64::from(x))), x))
            .fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a })
    }

    #[test]
    fn exp_is_close() {
        let (off, x) = worst(-103.9, 88.72, exp, f64::exp);
        assert!(off <= 1.5, "{off} at {x}");
        for (x, y) in [
            (f32::NEG_INFINITY, 0.0),
            (f32::INFINITY, f32::INFINITY),
            (-200.0, 0.0),
            (88.8, f32::INFINITY),
            (0.0, 1.0),
        ] {
            assert_eq!(exp(x), y, "{x}");
        }
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn exp_below_zero_is_the_same() {
        for x in spread(-87.0, 0.0) {
            assert_eq!(exp_below(x).to_bits(), exp(x).to_bits(), "{x}");
        }
        for x in [-88.0, -1e30, f32::NEG_INFINITY] {
            assert_eq!(exp_below(x), exp(-87.0), "{x}");
        }
        for bits in [0x7fc0_0000, 0x7fc0_0001, 0xffff_ffff, 0x7f80_01ff] {
            assert!(exp_below(f32::from_bits(bits)).is_nan(), "{bits:#x}");
        }
    }

    #[test]
    fn tanh_is_close() {
        let (off, x) = worst(-20.0, 20.0, tanh, f64::tanh);
        assert!(off <= 2.0, "{off} at {x}");
        assert_eq!(tanh(f32::INFINITY), 1.0);
        assert_eq!(tanh(f32::NEG_INFINITY), -1.0);
        assert!(tanh(f32::NAN).is_nan());
    }

    /// By the continued fraction of Mills' ratio far out, and the series of erf near zero.
    /// Source: Abramowitz and Stegun, 26.2.14 and 26.2.11.
    fn exact_normal(x: f64) -> f64 {
        let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
        let size = x.abs();
        if size < 3.0 {
            let (mut term, mut sum) = (x, x);
            for n in 1..100 {
                term *= x * x / f64::from(2 * n + 1);
                sum += term;
            }
            return 0.5 + density * sum;
        }
        let ratio = (1..200)
            .rev()
            .fold(0.0, |rest, n| f64::from(n) / (size + rest));
        let outside = density / (size + ratio);
        if x < 0.0 { outside } else { 1.0 - outside }
    }

    #[test]
    fn normal_is_close() {
        let (off, x) = worst(-12.6, 12.6, normal, exact_normal);
        assert!(off <= 8.0, "{off} at {x}");
        assert_eq!(normal(f32::INFINITY), 1.0);
        assert_eq!(normal(f32::NEG_INFINITY), 0.0);
        assert!(normal(f32::NAN).is_nan());
    }
}
