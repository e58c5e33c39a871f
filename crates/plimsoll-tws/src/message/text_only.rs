//! Messages without a protobuf form here yet: their rows in the tables have an empty protobuf name. At a
//! protobuf version their frames come back as `Raw` and are relayed byte for byte; a message leaves this
//! list by getting its form.

use super::{
    BondContractDetails, CalculateOption, CancelMktDepth, DeltaNeutralValidation, DisplayGroupList,
    FundamentalData, GroupContract, HistogramData, HistoricalNews, HistoricalNewsEnd, HistoricalTicks,
    MarketDepth, MarketDepthL2, MktDepthExchanges, NewsArticle, NewsProviders, PastBidAsk, PastLast,
    PastMidpoint, ReqFundamentalData, ReqHistogramData, ReqHistoricalNews, ReqHistoricalTicks, ReqMktDepth,
    ReqNewsArticle, ReqScannerSubscription, ReqSmartComponents, ReqWshEventData, Reroute, ScannerData,
    ScannerParameters, SmartComponents, SoftDollarTiers, SubscribeToGroupEvents, TickEfp, TickNews,
    TickOptionComputation, VerifyAndAuthMessage, VerifyAndAuthRequest, VerifyCompleted, VerifyMessage,
    VerifyRequest, WshData,
};
use crate::layout::Step;
use crate::proto::{Form, Numbered};

/// A macro, because a form for all types with a marker would meet the one for boxes.
macro_rules! text_only {
    ($($content:ty),* $(,)?) => {
        $(
            impl Form for $content {
                /// Never called for a frame: without a name there is no form to read or write.
                fn form(&mut self, _f: &mut impl Numbered) -> Step {
                    Ok(())
                }
            }
        )*
    };
}

text_only! {
    CalculateOption,
    CancelMktDepth,
    GroupContract,
    ReqFundamentalData,
    ReqHistogramData,
    ReqHistoricalNews,
    ReqHistoricalTicks,
    ReqMktDepth,
    ReqNewsArticle,
    ReqScannerSubscription,
    ReqSmartComponents,
    ReqWshEventData,
    SubscribeToGroupEvents,
    VerifyAndAuthMessage,
    VerifyAndAuthRequest,
    VerifyMessage,
    VerifyRequest,
}

text_only! {
    BondContractDetails,
    DeltaNeutralValidation,
    DisplayGroupList,
    FundamentalData,
    HistogramData,
    HistoricalNews,
    HistoricalNewsEnd,
    HistoricalTicks<PastBidAsk>,
    HistoricalTicks<PastLast>,
    HistoricalTicks<PastMidpoint>,
    MarketDepth,
    MarketDepthL2,
    MktDepthExchanges,
    NewsArticle,
    NewsProviders,
    Reroute,
    ScannerData,
    ScannerParameters,
    SmartComponents,
    SoftDollarTiers,
    TickEfp,
    TickNews,
    TickOptionComputation,
    VerifyCompleted,
    WshData,
}
