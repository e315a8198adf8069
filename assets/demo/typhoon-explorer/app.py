"""Tracks and intensities of a typhoon season."""

import argparse

import gradio as gr
import pandas as pd


def load(path: str) -> pd.DataFrame:
    return pd.read_csv(path, parse_dates=["time"])


def season(tracks: pd.DataFrame, year: int) -> pd.DataFrame:
    return tracks[tracks.time.dt.year == year].sort_values(["storm", "time"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="tracks.csv")
    tracks = load(parser.parse_args().data)
    years = sorted(tracks.time.dt.year.unique())
    with gr.Blocks(title="Typhoon explorer") as page:
        year = gr.Dropdown([int(y) for y in years], label="Season")
        table = gr.Dataframe()
        year.change(lambda y: season(tracks, y), year, table)
    page.launch()


if __name__ == "__main__":
    main()
