"""The networks that speed on GPUs is measured with, as plain modules of PyTorch with random weights.

Speed does not depend on the weights, but rounding errors do: normalizations get the statistics of the random network, so that
activations keep unit scale.
"""

import torch
from torch import nn
from torch.nn import functional as F


def conv_norm(inputs, outputs, kernel=3, stride=1, groups=1, activation=None):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class ResidualBlock(nn.Module):
    """Of ResNet: two convolutions, or three where `expansion` is 4."""

    def __init__(self, inputs, width, stride, expansion):
        super().__init__()
        outputs = width * expansion
        if expansion == 1:
            self.body = nn.Sequential(conv_norm(inputs, width, 3, stride, activation=nn.ReLU), conv_norm(width, outputs))
        else:
            self.body = nn.Sequential(conv_norm(inputs, width, 1, activation=nn.ReLU),
                                      conv_norm(width, width, 3, stride, activation=nn.ReLU), conv_norm(width, outputs, 1))
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else conv_norm(inputs, outputs, 1, stride)

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, depths, expansion):
        super().__init__()
        layers, channels = [conv_norm(3, 64, 7, 2, activation=nn.ReLU), nn.MaxPool2d(3, 2, 1)], 64
        for stage, depth in enumerate(depths):
            for i in range(depth):
                stride = 2 if stage > 0 and i == 0 else 1
                layers.append(ResidualBlock(channels, 64 << stage, stride, expansion))
                channels = (64 << stage) * expansion
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 1000)

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, factor):
        super().__init__()
        width = inputs * factor
        layers = [conv_norm(inputs, width, 1, activation=nn.ReLU6)] if factor != 1 else []
        layers.append(conv_norm(width, width, 3, stride, groups=width, activation=nn.ReLU6))
        self.body = nn.Sequential(*layers, conv_norm(width, outputs, 1))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


class MobileNetV2(nn.Module):
    STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]

    def __init__(self):
        super().__init__()
        layers, channels = [conv_norm(3, 32, 3, 2, activation=nn.ReLU6)], 32
        for factor, outputs, count, stride in self.STAGES:
            for i in range(count):
                layers.append(InvertedResidual(channels, outputs, stride if i == 0 else 1, factor))
                channels = outputs
        self.features = nn.Sequential(*layers, conv_norm(channels, 1280, 1, activation=nn.ReLU6))
        self.head = nn.Linear(1280, 1000)

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))


class SRCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 64, 9, padding=4), nn.ReLU(), nn.Conv2d(64, 32, 1), nn.ReLU(),
                                    nn.Conv2d(32, 3, 5, padding=2))

    def forward(self, x):
        return self.layers(F.interpolate(x, scale_factor=3, mode="bicubic", align_corners=False))


class PointPillarsBackbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks, self.ups, channels = nn.ModuleList(), nn.ModuleList(), 64
        for count, width, scale in ((3, 64, 1), (5, 128, 2), (5, 256, 4)):
            self.blocks.append(nn.Sequential(conv_norm(channels, width, 3, 2, activation=nn.ReLU),
                                             *[conv_norm(width, width, activation=nn.ReLU) for _ in range(count)]))
            self.ups.append(nn.Sequential(nn.ConvTranspose2d(width, 128, scale, scale, bias=False), nn.BatchNorm2d(128), nn.ReLU()))
            channels = width
        self.heads = nn.ModuleList(nn.Conv2d(384, outputs, 1) for outputs in (18, 42, 12))

    def forward(self, x):
        parts = []
        for block, up in zip(self.blocks, self.ups):
            x = block(x)
            parts.append(up(x))
        joined = torch.cat(parts, 1)
        return tuple(head(joined) for head in self.heads)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.joined, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, mask=None):
        batch, length, width = x.shape
        query, key, value = self.joined(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        x = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.out(x.transpose(1, 2).reshape(batch, length, width))


class TransformerLayer(nn.Module):
    """Norms before what they prepare (ViT) or behind it (BERT)."""

    def __init__(self, width, heads, inner, norm_first, epsilon):
        super().__init__()
        self.norm_first, self.attention = norm_first, Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width, epsilon) for _ in range(2))

    def forward(self, x, mask=None):
        if self.norm_first:
            x = x + self.attention(self.norms[0](x), mask)
            return x + self.mlp(self.norms[1](x))
        x = self.norms[0](x + self.attention(x, mask))
        return self.norms[1](x + self.mlp(x))


class Bert(nn.Module):
    """The encoder of BERT-base over token numbers, with a mask of the tokens that count."""

    def __init__(self, width=768, heads=12, depth=12):
        super().__init__()
        self.tokens, self.places = nn.Embedding(30522, width), nn.Embedding(512, width)
        self.norm = nn.LayerNorm(width, 1e-12)
        self.layers = nn.ModuleList(TransformerLayer(width, heads, 4 * width, False, 1e-12) for _ in range(depth))

    def forward(self, tokens, mask):
        x = self.norm(self.tokens(tokens) + self.places.weight[:tokens.shape[1]])
        seen = (mask != 0)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, seen)
        return x


class VisionTransformer(nn.Module):
    def __init__(self, width=768, heads=12, depth=12):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 16, 16)
        self.first, self.places = nn.Parameter(torch.randn(1, 1, width)), nn.Parameter(torch.randn(1, 197, width))
        self.layers = nn.ModuleList(TransformerLayer(width, heads, 4 * width, True, 1e-6) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width, 1e-6), nn.Linear(width, 1000)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.first.expand(x.shape[0], -1, -1), x], 1) + self.places
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x)[:, 0])


class Chain(nn.Module):
    """What costs nothing but memory traffic."""

    def forward(self, x):
        return F.relu(x * 0.5 + 1)


def make_rows(batch):
    return [torch.randn(batch * 4096, 4096)]


def make_image(batch):
    return [torch.randn(batch, 3, 224, 224)]


def make_tokens(batch):
    mask = torch.ones(batch, 128, dtype=torch.int64)
    mask[:, 100:] = 0
    return [torch.randint(0, 30522, (batch, 128)), mask]


# What a network is made by, what its inputs are, and the batches that count.
NETWORKS = {
    "resnet18": (lambda: ResNet([2, 2, 2, 2], 1), make_image, [1, 16]),
    "resnet50": (lambda: ResNet([3, 4, 6, 3], 4), make_image, [1, 16]),
    "mobilenet_v2": (MobileNetV2, make_image, [1, 16]),
    "srcnn": (SRCNN, lambda batch: [torch.rand(batch, 3, 256, 256)], [1]),
    "pointpillars": (PointPillarsBackbone, lambda batch: [torch.randn(batch, 64, 496, 432)], [1]),
    "bert": (Bert, make_tokens, [1, 16]),
    "vit": (VisionTransformer, make_image, [1, 16]),
    "elementwise": (Chain, make_rows, [16]),
    "softmax": (lambda: nn.Softmax(-1), make_rows, [16]),
    "layer_norm": (lambda: nn.LayerNorm(4096), make_rows, [16]),
}


def make_network(name):
    """The network, ready to run on the CPU."""
    torch.manual_seed(0)
    make, make_inputs, _ = NETWORKS[name]
    network = make()
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # the statistics of the last run
    with torch.no_grad():
        network.train()(*make_inputs(2))
    return network.eval()
