//! Sixteen numbers side by side, by AVX-512 and by AVX2.
#![allow(unsafe_code)] // vector instructions and the memory they read; each is argued beside

use super::lanes::Instructions;
use std::arch::x86_64::*;

/// AVX-512F, one register for sixteen numbers.
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

/// AVX2, FMA and F16C, two registers for sixteen numbers.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

#[inline(always)]
fn halves(lanes: __m512) -> [__m256; 2] {
    // SAFETY: only who has a value of `Avx512` has such lanes.
    unsafe {
        let high = _mm512_extractf64x4_pd::<1>(_mm512_castps_pd(lanes));
        [_mm512_castps512_ps256(lanes), _mm256_castpd_ps(high)]
    }
}

impl Avx512 {
    /// # Safety
    /// The processor has AVX-512F.
    #[inline(always)]
    pub unsafe fn new() -> Avx512 {
        Avx512(())
    }
}

impl Avx2 {
    /// # Safety
    /// The processor has AVX2, FMA and F16C.
    #[inline(always)]
    pub unsafe fn new() -> Avx2 {
        Avx2(())
    }
}

// SAFETY of every block: the value is proof of the instructions (`new`); memory is read and
// written where the caller promises sixteen numbers, without any need of alignment.
impl Instructions for Avx512 {
    type Lanes = __m512;
    const SUMS: usize = 24;

    #[inline(always)]
    fn zero(self) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_setzero_ps() }
    }

    #[inline(always)]
    fn splat(self, number: f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_set1_ps(number) }
    }

    #[inline(always)]
    fn fused(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn larger(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn times(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn largest(self, lanes: __m512) -> f32 {
        // SAFETY: see above; AVX-512F comes with AVX2.
        unsafe { Avx2::new() }.largest(halves(lanes))
    }

    #[inline(always)]
    fn sum(self, lanes: __m512) -> f32 {
        // SAFETY: as above.
        unsafe { Avx2::new() }.sum(halves(lanes))
    }

    #[inline(always)]
    fn prefetch(self, from: *const u8) {
        // SAFETY: it reads nothing that could be missing: addresses of nothing are passed over.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) };
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_halves(self, from: *const u16) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    unsafe fn load_quants(self, from: *const i8) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn store(self, lanes: __m512, to: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(to, lanes) };
    }
}

// SAFETY of every block: as above.
impl Instructions for Avx2 {
    type Lanes = [__m256; 2];
    const SUMS: usize = 6;

    #[inline(always)]
    fn zero(self) -> [__m256; 2] {
        // SAFETY: see above.
        unsafe { [_mm256_setzero_ps(); 2] }
    }

    #[inline(always)]
    fn splat(self, number: f32) -> [__m256; 2] {
        // SAFETY: see above.
        unsafe { [_mm256_set1_ps(number); 2] }
    }

    #[inline(always)]
    fn fused(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        let ([a, a_high], [b, b_high], [c, c_high]) = (a, b, c);
        // SAFETY: see above.
        unsafe {
            [
                _mm256_fmadd_ps(a, b, c),
                _mm256_fmadd_ps(a_high, b_high, c_high),
            ]
        }
    }

    #[inline(always)]
    fn larger(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        let ([a, a_high], [b, b_high]) = (a, b);
        // SAFETY: see above.
        unsafe { [_mm256_max_ps(a, b), _mm256_max_ps(a_high, b_high)] }
    }

    #[inline(always)]
    fn times(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        let ([a, a_high], [b, b_high]) = (a, b);
        // SAFETY: see above.
        unsafe { [_mm256_mul_ps(a, b), _mm256_mul_ps(a_high, b_high)] }
    }

    #[inline(always)]
    fn add(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        let ([a, a_high], [b, b_high]) = (a, b);
        // SAFETY: see above.
        unsafe { [_mm256_add_ps(a, b), _mm256_add_ps(a_high, b_high)] }
    }

    #[inline(always)]
    fn largest(self, lanes: [__m256; 2]) -> f32 {
        // SAFETY: see above.
        unsafe {
            let eight = _mm256_max_ps(lanes[0], lanes[1]);
            let four = _mm_max_ps(
                _mm256_castps256_ps128(eight),
                _mm256_extractf128_ps::<1>(eight),
            );
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
        }
    }

    #[inline(always)]
    fn sum(self, lanes: [__m256; 2]) -> f32 {
        // SAFETY: see above.
        unsafe {
            let eight = _mm256_add_ps(lanes[0], lanes[1]);
            let four = _mm_add_ps(
                _mm256_castps256_ps128(eight),
                _mm256_extractf128_ps::<1>(eight),
            );
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }

    #[inline(always)]
    fn prefetch(self, from: *const u8) {
        // SAFETY: it reads nothing that could be missing: addresses of nothing are passed over.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) };
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> [__m256; 2] {
        // SAFETY: see above.
        unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] }
    }

    #[inline(always)]
    unsafe fn load_halves(self, from: *const u16) -> [__m256; 2] {
        // SAFETY: see above.
        unsafe {
            [
                _mm256_cvtph_ps(_mm_loadu_si128(from.cast())),
                _mm256_cvtph_ps(_mm_loadu_si128(from.add(8).cast())),
            ]
        }
    }

    #[inline(always)]
    unsafe fn load_quants(self, from: *const i8) -> [__m256; 2] {
        // SAFETY: see above.
        unsafe {
            let eight = |from: *const i8| _mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast()));
            [
                _mm256_cvtepi32_ps(eight(from)),
                _mm256_cvtepi32_ps(eight(from.add(8))),
            ]
        }
    }

    #[inline(always)]
    unsafe fn store(self, lanes: [__m256; 2], to: *mut f32) {
        let [low, high] = lanes;
        // SAFETY: see above.
        unsafe {
            _mm256_storeu_ps(to, low);
            _mm256_storeu_ps(to.add(8), high);
        }
    }
}
