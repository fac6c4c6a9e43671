"""`monitor demo`: the whole service with two invented classes, days behind them and one going on now."""
