"""The stages of candles and analyses in this process: each alone, recorded, and on a schedule."""
