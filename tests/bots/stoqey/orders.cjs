// What a bot does: orders of every kind, changes, cancels, and what the venue refuses.
"use strict";

const { PriceCondition, TriggerMethod } = require("@stoqey/ib");

const { Failed } = require("./client.cjs");
const { MINE, stock } = require("./knows.cjs");

const order = (orderType, action, totalQuantity, more) => ({
  orderType, action, totalQuantity, account: MINE, tif: "DAY", orderRef: "mine", transmit: true, ...more,
}); // prettier-ignore

const below = (bot, part) => Math.round(bot.near * part);

async function until(client, after, number, ...statuses) {
  await client.any(after, ["orderStatus"], (said) => said.orderId === number && statuses.includes(said.status));
  await client.settle();
}

async function place(bot, what, ...statuses) {
  const { client, spy } = bot;
  const [after, number] = [client.mark(), client.orderId()];
  client.ib.placeOrder(number, spy, what);
  if (statuses.length > 0) await until(client, after, number, ...statuses);
  return number;
}

async function cancelled(client, number) {
  const after = client.mark();
  client.ib.cancelOrder(number);
  await until(client, after, number, "Cancelled");
}

/** The orders' life in short: statuses without repetition, then codes. */
function life(client, after) {
  const statuses = client.all(after, "orderStatus").map((row) => `${row.orderId} ${row.status} ${row.filled}`);
  return [...new Set(statuses), ...client.all(after, "error").map((row) => `${row.reqId} ${row.errorCode}`)];
}

/** A step that tells the life of its orders. */
const lived = (body) => async (bot) => {
  const after = bot.client.mark();
  await body(bot, after);
  return life(bot.client, after);
};

const refused = async (client, after, number) =>
  (await client.any(after, ["error"], (said) => said.reqId === number)).errorCode;

module.exports = {
  what_if: async (bot) => {
    const { client, spy } = bot;
    const [after, number] = [client.mark(), client.orderId()];
    client.ib.placeOrder(number, spy, order("LMT", "BUY", 10, { lmtPrice: bot.near, whatIf: true }));
    const said = await client.any(after, ["openOrder"], (row) => row.orderId === number);
    return [said.orderState.status, said.orderState.initMarginChange > 0];
  },
  buy_market: lived(async (bot, after) => {
    await place(bot, order("MKT", "BUY", 10), "Filled");
    await bot.client.any(after, ["commissionReport"]);
  }),
  rest_limit: lived(async (bot) => {
    bot.resting = await place(bot, order("LMT", "BUY", 5, { lmtPrice: below(bot, 0.9) }), "Submitted");
  }),
  modify_limit: async (bot) => {
    const { client, spy, resting } = bot;
    const [after, lmtPrice] = [client.mark(), below(bot, 0.9) - 1];
    client.ib.placeOrder(resting, spy, order("LMT", "BUY", 6, { lmtPrice }));
    const said = await client.any(after, ["openOrder"], (row) => row.orderId === resting && row.order.lmtPrice === lmtPrice);
    return [said.order.lmtPrice, said.order.totalQuantity];
  },
  cancel_limit: lived((bot) => cancelled(bot.client, bot.resting)),
  cancel_again: async ({ client, resting }) => {
    const after = client.mark();
    client.ib.cancelOrder(resting);
    return refused(client, after, resting);
  },
  cancel_unknown: async ({ client }) => {
    const after = client.mark();
    client.ib.cancelOrder(987654);
    return refused(client, after, 987654);
  },
  duplicate_number: async (bot) => {
    const { client, spy, resting } = bot;
    const after = client.mark();
    client.ib.placeOrder(resting, spy, order("LMT", "BUY", 5, { lmtPrice: below(bot, 0.9) }));
    return refused(client, after, resting);
  },
  rest_stop: lived(async (bot) => {
    const stop = order("STP", "SELL", 5, { auxPrice: below(bot, 0.8) });
    await cancelled(bot.client, await place(bot, stop, "PreSubmitted"));
  }),
  rest_stop_limit: lived(async (bot) => {
    const stop = order("STP LMT", "SELL", 5, { auxPrice: below(bot, 0.8), lmtPrice: below(bot, 0.79) });
    await cancelled(bot.client, await place(bot, stop, "PreSubmitted"));
  }),
  trailing_stop: lived(async (bot) => {
    await cancelled(bot.client, await place(bot, order("TRAIL", "SELL", 5, { auxPrice: 50 }), "PreSubmitted"));
  }),
  immediate_or_cancel: lived(async (bot) => {
    await place(bot, order("LMT", "BUY", 5, { lmtPrice: below(bot, 0.9), tif: "IOC" }), "Cancelled");
  }),
  fill_or_kill: lived(async (bot) => {
    await place(bot, order("LMT", "BUY", 5, { lmtPrice: below(bot, 0.9), tif: "FOK" }), "Inactive", "Cancelled");
  }),
  good_till_date: lived(async (bot) => {
    const terms = { lmtPrice: below(bot, 0.9), tif: "GTD", goodTillDate: "20261118-20:30:00" };
    await cancelled(bot.client, await place(bot, order("LMT", "BUY", 5, terms), "Submitted"));
  }),
  // A price that the day does not reach: the order waits for it and is cancelled while it waits.
  conditional: lived(async (bot) => {
    const price = new PriceCondition(below(bot, 2), TriggerMethod.Default, bot.spy.conId, "SMART", true, "a");
    const terms = { lmtPrice: below(bot, 0.9), conditions: [price] };
    await cancelled(bot.client, await place(bot, order("LMT", "BUY", 5, terms), "PreSubmitted", "Submitted"));
  }),
  bracket: lived(async (bot, after) => {
    const { client, spy } = bot;
    const [parentId, profit, loss] = [client.orderId(), client.orderId(), client.orderId()];
    client.ib.placeOrder(parentId, spy, order("LMT", "BUY", 5, { lmtPrice: below(bot, 0.9), transmit: false }));
    client.ib.placeOrder(profit, spy, order("LMT", "SELL", 5, { lmtPrice: below(bot, 1.1), parentId, transmit: false }));
    client.ib.placeOrder(loss, spy, order("STP", "SELL", 5, { auxPrice: below(bot, 0.8), parentId }));
    await until(client, after, parentId, "Submitted");
    const begun = client.mark();
    client.ib.cancelOrder(parentId);
    for (const number of [parentId, profit, loss]) await until(client, begun, number, "Cancelled");
  }),
  on_close: lived(async (bot, after) => {
    const number = await place(bot, order("MOC", "BUY", 5));
    await bot.client.any(after, ["openOrder"], (row) => row.orderId === number);
    await bot.client.settle();
    await cancelled(bot.client, number);
  }),
  one_cancels_all: lived(async (bot, after) => {
    const group = { ocaGroup: "either", ocaType: 1 };
    const first = await place(bot, order("LMT", "BUY", 5, { lmtPrice: below(bot, 0.9), ...group }), "Submitted");
    await place(bot, order("LMT", "BUY", 5, { lmtPrice: below(bot, 1.05), ...group }), "Filled");
    await until(bot.client, after, first, "Cancelled");
  }),
  global_cancel: lived(async (bot, after) => {
    const numbers = [];
    for (const part of [0.9, 0.85]) {
      numbers.push(await place(bot, order("LMT", "BUY", 5, { lmtPrice: below(bot, part) }), "Submitted"));
    }
    bot.client.ib.reqGlobalCancel();
    for (const number of numbers) await until(bot.client, after, number, "Cancelled");
  }),
  wrong_tick: async (bot) => {
    const after = bot.client.mark();
    const number = await place(bot, order("LMT", "BUY", 5, { lmtPrice: below(bot, 0.9) + 0.0123 }));
    return refused(bot.client, after, number);
  },
  unknown_contract_order: async ({ client }) => {
    const [after, number] = [client.mark(), client.orderId()];
    client.ib.placeOrder(number, stock("NOSUCH"), order("MKT", "BUY", 5));
    return refused(client, after, number);
  },
  sell_market: lived(async (bot, after) => {
    const number = await place(bot, order("MKT", "SELL", 15), "Filled");
    await bot.client.any(after, ["commissionReport"]);
    if (!bot.client.all(after, "openOrder").some((row) => row.orderId === number)) {
      throw new Failed("an order without an openOrder");
    }
  }),
};
