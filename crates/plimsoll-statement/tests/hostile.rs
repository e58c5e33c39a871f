//! Files that are broken, something else, or meant to do harm.

use std::io::{self, BufReader, Read};

use plimsoll_statement::{ReadError, limits, read, shown};

fn statement(rows: &str) -> String {
    format!(
        "<FlexQueryResponse queryName=\"q\" type=\"AF\"><FlexStatements count=\"1\"><FlexStatement \
         accountId=\"U7000001\" fromDate=\"20261123\" toDate=\"20261127\">{rows}</FlexStatement></FlexStatements>\
         </FlexQueryResponse>"
    )
}

fn error(text: &str) -> String {
    read(text.as_bytes()).map(|_| ()).expect_err("was read").to_string()
}

/// What is odd about a file that is read.
fn problems(rows: &str) -> Vec<String> {
    let file = read(statement(rows).as_bytes()).expect("was not read");
    file.problems.iter().map(ToString::to_string).collect()
}

fn trade(fields: &str) -> String {
    format!("<Trades><Trade assetCategory=\"STK\" symbol=\"SPY\" currency=\"USD\" {fields}/></Trades>")
}

#[test]
fn an_answer_of_the_web_service_in_the_place_of_a_statement_says_what_to_do() {
    let answer = |code: u32, words: &str| {
        error(&format!(
            "<FlexStatementResponse timestamp='28 November, 2026 02:15 AM EST'><Status>Warn</Status>\
             <ErrorCode>{code}</ErrorCode><ErrorMessage>{words}</ErrorMessage></FlexStatementResponse>"
        ))
    };
    assert_eq!(
        answer(1019, "Statement generation in progress. Please try again shortly."),
        "the broker sent no statement but error 1019 (Statement generation in progress. Please try again shortly); \
         nothing was read; the statement is not ready or not available yet: ask again in a minute"
    );
    assert!(answer(1012, "Token has expired.").contains("make a new one in Client Portal"));
    assert!(answer(1018, "Too many requests").contains("wait ten minutes"));
    assert!(answer(4711, "").contains("look the number up"));
}

#[test]
fn a_request_that_was_only_taken_is_no_statement() {
    let text = "<FlexStatementResponse><Status>Success</Status><ReferenceCode>1234567890</ReferenceCode>\
                <Url>https://example.com</Url></FlexStatementResponse>";
    assert!(error(text).contains("fetch the statement with the reference code"));
}

#[test]
fn every_file_that_ends_too_early_is_refused_as_a_whole() {
    let whole = statement(&trade("quantity=\"5\" tradePrice=\"1\" buySell=\"BUY\" "));
    assert!(read(whole.as_bytes()).is_ok());
    for end in 0..whole.len() {
        let said = error(&whole[..end]);
        assert!(said.contains("download the statement again"), "cut at {end}: {said}");
    }
}

#[test]
fn what_is_no_xml_or_another_document_is_said() {
    assert!(error("Buy/Sell,TradeDate\nBUY,20261123\n").contains("nothing was used of the file"));
    assert!(error("<html><body>Sign in</body></html>").contains("begins with <html>"));
    assert!(error("").contains("empty or no XML"));
    assert!(error("<FlexQueryResponse><a></b></FlexQueryResponse>").contains("line 1"));
    let utf16: Vec<u8> = "\u{feff}<FlexQueryResponse/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(read(&*utf16).is_err());
    assert!(
        error("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><FlexQueryResponse/>").contains("ISO-8859-1")
    );
}

#[test]
fn no_document_type_and_no_entity_is_ever_expanded() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><FlexQueryResponse \
                queryName=\"&b;\"/>";
    assert!(error(bomb).contains("a document type"));
    let external = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><FlexQueryResponse/>";
    assert!(error(external).contains("a document type"));
    assert!(error("<FlexQueryResponse queryName=\"&a;\"/>").contains("the entity `a`"));
}

#[test]
fn elements_fields_and_depth_have_limits() {
    let long = "x".repeat(limits::ELEMENT_BYTES_MAX + 1);
    assert!(
        error(&format!("<FlexQueryResponse queryName=\"{long}\"/>")).contains("the length of one element")
    );
    let fields: Vec<String> = (0..=limits::ATTRIBUTES_MAX).map(|n| format!("f{n}=\"\"")).collect();
    assert!(
        error(&format!("<FlexQueryResponse {}/>", fields.join(" ")))
            .contains("the number of fields in one row")
    );
    let deep = "<a>".repeat(limits::DEPTH_MAX);
    assert!(error(&format!("<FlexQueryResponse>{deep}")).contains("the nesting of elements"));
    let many = "<FlexStatement/>".repeat(limits::STATEMENTS_MAX + 1);
    let file = format!("<FlexQueryResponse><FlexStatements>{many}</FlexStatements></FlexQueryResponse>");
    assert!(error(&file).contains("the number of statements"));
}

/// Rows without end, made while they are read.
struct Endless {
    head: io::Cursor<Vec<u8>>,
    row: &'static [u8],
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let begun = self.head.read(into)?;
        if begun > 0 {
            return Ok(begun);
        }
        for byte in &mut *into {
            *byte = self.row[self.at];
            self.at = (self.at + 1) % self.row.len();
        }
        Ok(into.len())
    }
}

#[test]
fn a_file_without_end_is_given_up_at_the_limit_of_rows() {
    let head = "<FlexQueryResponse><FlexStatements><FlexStatement accountId=\"U1\"><Unread>".into();
    let endless = Endless { head: io::Cursor::new(head), row: b"<a/>", at: 0 };
    let error = read(BufReader::new(endless)).map(|_| ()).unwrap_err();
    assert!(matches!(error, ReadError::TooMuch { what: "the number of rows", .. }), "{error}");
}

#[test]
fn a_row_with_a_wrong_value_is_left_out_and_named() {
    for (fields, what) in [
        ("quantity=\"5\" tradePrice=\"1.2.3\" buySell=\"BUY\"", "tradePrice `1.2.3` is no number"),
        ("quantity=\"-5\" tradePrice=\"1\" buySell=\"BUY\"", "contradict each other"),
        ("quantity=\"5\" tradePrice=\"1\" buySell=\"HOLD\"", "neither BUY nor SELL"),
        ("tradePrice=\"1\" buySell=\"BUY\"", "quantity is missing"),
        ("quantity=\"5\" accountId=\"U1 OR 1=1\" buySell=\"BUY\"", "is no account"),
        ("quantity=\"5\" ibCommission=\"-1\" ibCommissionCurrency=\"$\" buySell=\"BUY\"", "is no currency"),
    ] {
        let said = problems(&trade(fields));
        assert!(said.len() == 1 && said[0].contains(what), "{fields}: {said:?}");
        assert!(said[0].ends_with("the row was left out"), "{said:?}");
    }
}

#[test]
fn a_date_that_is_none_costs_the_date_and_not_the_trade() {
    let rows = trade("quantity=\"5\" tradePrice=\"1\" buySell=\"BUY\" dateTime=\"20261340;250000\"");
    let file = read(statement(&rows).as_bytes()).unwrap();
    assert_eq!((file.statements[0].trades.len(), file.statements[0].trades[0].at), (1, None));
    assert!(file.problems[0].what.contains("`20261340` is no date"), "{:?}", file.problems);
}

#[test]
fn an_option_without_its_multiplier_is_not_one_unit() {
    let rows = "<Trades><Trade assetCategory=\"OPT\" symbol=\"SPY 261218C00620000\" underlyingSymbol=\"SPY\" \
                currency=\"USD\" quantity=\"1\" tradePrice=\"7\" buySell=\"BUY\"/></Trades>";
    let said = problems(rows);
    assert!(said[0].contains("multiplier is missing"), "{said:?}");
}

#[test]
fn what_the_query_leaves_out_is_unknown_and_never_zero() {
    let rows = trade("quantity=\"5\" buySell=\"BUY\"");
    let file = read(statement(&rows).as_bytes()).unwrap();
    let trade = &file.statements[0].trades[0];
    assert_eq!((trade.px, trade.commission, trade.at, trade.by_api), (None, None, None, None));
}

#[test]
fn a_price_that_the_query_leaves_out_follows_from_exact_sums_only() {
    let px = |fields: &str| {
        let file = read(statement(&trade(fields)).as_bytes()).unwrap();
        file.statements[0].trades[0].px.map(|px| px.to_string())
    };
    assert_eq!(px("quantity=\"-4\" proceeds=\"1000\" buySell=\"SELL\"").as_deref(), Some("250"));
    // 1234 paid, of that 4 of commission, for 400 shares.
    assert_eq!(
        px("quantity=\"400\" cost=\"1234\" ibCommission=\"-4\" buySell=\"BUY\"").as_deref(),
        Some("3.075")
    );
    assert_eq!(px("quantity=\"3\" proceeds=\"-1000\" buySell=\"BUY\""), None);
}

#[test]
fn text_of_a_file_cannot_move_a_terminal_s_cursor() {
    assert_eq!(shown("a\u{1b}[2Jb\u{202e}c\n"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
    assert_eq!(shown(&"x".repeat(61)).chars().count(), 61);
    let said = problems(&trade("quantity=\"\u{202e}5\" buySell=\"BUY\""));
    assert!(!said[0].contains('\u{202e}'), "{said:?}");
}

#[test]
fn problems_are_listed_up_to_a_limit_and_all_are_counted() {
    let row = "<Trade symbol=\"SPY\" currency=\"USD\" buySell=\"BUY\"/>";
    let rows = format!("<Trades>{}</Trades>", row.repeat(limits::PROBLEMS_MAX + 5));
    let file = read(statement(&rows).as_bytes()).unwrap();
    assert_eq!(
        (file.problems.len(), file.problem_count),
        (limits::PROBLEMS_MAX, limits::PROBLEMS_MAX as u64 + 5)
    );
}

#[test]
fn no_bytes_make_the_reader_panic() {
    arbtest::arbtest(|u| {
        let pieces = [
            "<FlexQueryResponse>",
            "<FlexStatements>",
            "<FlexStatement accountId=\"U1\">",
            "<Trades>",
            "</Trades>",
            "<Trade symbol=\"A\" currency=\"USD\" quantity=\"",
            "1",
            "-",
            "9e99",
            "\" buySell=\"BUY\"",
            "/>",
            "<",
            "&#0;",
            "\u{0}",
            "]]>",
            "<![CDATA[",
            "<!--",
            "</FlexStatement>",
            "</FlexStatements>",
            "</FlexQueryResponse>",
        ];
        let mut text = String::new();
        while !u.is_empty() {
            text.push_str(u.choose(&pieces)?);
        }
        let _ = read(text.as_bytes());
        Ok(())
    });
}
