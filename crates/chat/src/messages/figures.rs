//! Figures as people read them. English and Chinese group digits alike.

/// Such as `1,234,567` or `2.5`: whole numbers grouped by thousands, others with one decimal.
pub(super) fn number(value: f64) -> String {
    let whole = value.fract() == 0.0;
    let plain = if whole {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    };
    let (sign, digits) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |rest| ("-", rest));
    let (integer, fraction) = digits
        .split_once('.')
        .map_or((digits, None), |(a, b)| (a, Some(b)));
    let mut grouped = String::from(sign);
    for (index, digit) in integer.chars().enumerate() {
        if index > 0 && (integer.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

/// A size in bytes: GB with one decimal, MB and kB whole. 1 GB is 10^9 bytes, as on the
/// labels of disks.
pub fn size(bytes: f64) -> String {
    const UNITS: [(f64, &str); 2] = [(1e6, "MB"), (1e3, "kB")];
    if bytes >= 999.5e6 {
        let tenths = (bytes / 1e8).round() / 10.0;
        let whole = number(tenths.trunc());
        return format!("{whole}.{:.0} GB", (tenths.fract() * 10.0).round());
    }
    for (unit, name) in UNITS {
        if bytes >= unit {
            return format!("{} {name}", number((bytes / unit).round()));
        }
    }
    format!("{} B", number(bytes.round()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let check = |value: f64, shown: &str| assert_eq!(number(value), shown);
        check(0.0, "0");
        check(999.0, "999");
        check(1000.0, "1,000");
        check(-1234567.0, "-1,234,567");
        check(123456.789, "123,456.8");
    }

    #[test]
    fn sizes_have_one_decimal_from_a_gigabyte_on() {
        let check = |bytes: f64, shown: &str| assert_eq!(size(bytes), shown);
        check(0.0, "0 B");
        check(999.0, "999 B");
        check(98_362_432.0, "98 MB");
        check(999_400_000.0, "999 MB");
        check(999_600_000.0, "1.0 GB");
        check(4_440_000_000.0, "4.4 GB");
        check(1.29e13, "12,900.0 GB");
    }
}
