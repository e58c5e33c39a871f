//! Every spelling that clients and venues use, both ways.

use super::*;

fn read<T: Number>(text: &str) -> Result<Option<T>, Problem> {
    let frame = Bytes::copy_from_slice(text.as_bytes());
    let mut value = None;
    Opt(&mut value, Unset::Empty).read(Raw::alone(&frame, &frame))?;
    Ok(value)
}

#[test]
fn every_spelling_of_unset_is_unset() {
    let rust_max = format!("17976931348623157{}", "0".repeat(292));
    for text in [
        "",
        "1.7976931348623157e+308",
        "1.7976931348623157E308",
        "1.7976931348623157E+308",
        "2147483647",
        "9223372036854775807",
        "-9223372036854775808",
        "170141183460469231731687303715884105727",
        &rust_max,
    ] {
        assert_eq!(read::<Price>(text), Ok(None), "{text}");
        assert_eq!(read::<i32>(text), Ok(None), "{text}");
        assert_eq!(read::<Qty>(text), Ok(None), "{text}");
    }
}

/// A reader of plain integers, as a venue is, sees no difference.
#[test]
fn unset_with_a_zero_or_a_sign_in_front_is_unset() {
    for text in ["02147483647", "+2147483647", "09223372036854775807"] {
        assert_eq!(read::<i64>(text), Ok(None), "{text}");
        assert_eq!(read::<Price>(text), Ok(None), "{text}");
        assert_eq!(read::<Qty>(text), Ok(None), "{text}");
    }
    assert_eq!(read::<i32>("02147483647"), Ok(None));
    assert_eq!(read::<i64>("-09223372036854775808"), Ok(None));
    assert_eq!(read::<i32>("02147483646"), Ok(Some(2_147_483_646)));
    assert_eq!(read::<i32>("-2147483648"), Ok(Some(i32::MIN)));
}

#[test]
fn the_short_way_to_a_decimal_ends_where_the_long_one_does() {
    for text in [
        "0",
        "00",
        "7",
        "480.10",
        "-0.5",
        "0.0",
        "-0",
        "-0.0",
        "-",
        ".",
        "5.",
        ".5",
        "1.2.3",
        "1-",
        "--1",
        "+5",
        "123456789012345678",
        "1234567890123456789",
        "12345678901234567.8",
        "1e5",
        "\u{661}",
        "",
    ] {
        let long = Price::parse(text).ok().filter(|_| !text.is_empty());
        if let Some(short) = short_decimal(text.as_bytes()) {
            assert_eq!(Some(short.to_string()), long.map(|px| px.to_string()), "{text}");
        }
    }
    assert_eq!(short_decimal(b"480.10").map(|px| px.to_string()).as_deref(), Some("480.10"));
    assert_eq!(short_decimal(b"1234567890123456789"), None, "beyond what always fits");
}

#[test]
fn numbers_keep_their_form() {
    for text in ["0.0", "500.25", "-1", "100", "2921.8300000000004", "0.50"] {
        let price = read::<Price>(text).unwrap().unwrap();
        let mut out = BytesMut::new();
        price.put(&mut out);
        assert_eq!(&out[..], text.as_bytes());
    }
    assert_eq!(read::<Price>("1.2E-4").unwrap().unwrap().to_string(), "0.00012");
}

#[test]
fn what_only_looks_like_a_number_is_refused() {
    for text in [
        "Infinity",
        "Infinite",
        "-Infinity",
        "NaN",
        "nan",
        "inf",
        "1_000",
        "1 000",
        " 1",
        "0x10",
        "1e99999",
        "1e",
        "e5",
        ".",
        "--1",
        "1.2.3",
        "0e4000000000",
        "1e40",
        "\u{661}",
        "79228162514264337593543950336",
    ] {
        assert!(read::<Price>(text).is_err(), "{text:?} was read as a number");
    }
    assert!(read::<Qty>("-1").is_err());
    assert!(read::<i32>("2147483648").is_err());
    assert!(read::<i32>("1.0").is_err());
}

#[test]
fn infinity_means_up_to_the_midpoint_where_it_has_a_meaning() {
    assert_eq!(read::<BestOffset>("Infinity"), Ok(Some(BestOffset::UpToMid)));
    assert_eq!(read::<BestOffset>("Infinite"), Ok(Some(BestOffset::UpToMid)));
    assert_eq!(read::<BestOffset>("1.7976931348623157e+308"), Ok(None));
}
