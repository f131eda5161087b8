"""The training step of bench/nn in PyTorch, one thread: the same decoder, weights, tokens, clipping and AdamW as nn-step.ts.

Reads a folder with model.json, weights.bin (float32, tensors one after another) and tokens.bin (int32 [steps, batch, length]).
Prints one JSON line: losses, seconds of each step, peak memory. It is a measure, not a trainer.
"""
import json
import os
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

folder = sys.argv[1]
torch.set_num_threads(1)
torch.set_num_interop_threads(1)
with open(os.path.join(folder, "model.json")) as file:
    model = json.load(file)
config = model["config"]
flat = np.fromfile(os.path.join(folder, "weights.bin"), dtype=np.float32)
parameters, at = {}, 0
for name, shape in model["shapes"]:
    count = int(np.prod(shape))
    parameters[name] = torch.tensor(flat[at : at + count].reshape(shape)).requires_grad_()
    at += count
del flat
batch, length = model["batch"], model["length"]
tokens = torch.tensor(np.fromfile(os.path.join(folder, "tokens.bin"), dtype=np.int32).reshape(-1, batch, length)).long()

heads, key_heads, size = config["heads"], config["keyValueHeads"], config["headWidth"]
angle = torch.arange(length)[:, None] * config["ropeTheta"] ** (-2 * torch.arange(size // 2) / size)
cos, sin = torch.cat([angle, angle], 1).cos(), torch.cat([angle, angle], 1).sin()
mask = torch.full((length, length), -1e9).triu(1)


def norm(x, scale):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + config["epsilon"]) * scale


def rotate(x):
    one, two = x.chunk(2, -1)
    return x * cos + torch.cat([-two, one], -1) * sin


def split(x, count):
    return x.view(batch, length, count, size).transpose(1, 2)


def loss_of(ids):
    p = parameters
    x = F.embedding(ids, p["model.embed_tokens.weight"])
    for layer in range(config["layers"]):
        name = f"model.layers.{layer}."
        y = norm(x, p[name + "input_layernorm.weight"])
        q = rotate(split(F.linear(y, p[name + "self_attn.q_proj.weight"]), heads))
        k = rotate(split(F.linear(y, p[name + "self_attn.k_proj.weight"]), key_heads))
        v = split(F.linear(y, p[name + "self_attn.v_proj.weight"]), key_heads)
        if key_heads != heads:
            k, v = k.repeat_interleave(heads // key_heads, 1), v.repeat_interleave(heads // key_heads, 1)
        share = torch.softmax(q @ k.transpose(-2, -1) * size**-0.5 + mask, -1)
        mixed = (share @ v).transpose(1, 2).reshape(batch, length, heads * size)
        x = x + F.linear(mixed, p[name + "self_attn.o_proj.weight"])
        y = norm(x, p[name + "post_attention_layernorm.weight"])
        gate = F.silu(F.linear(y, p[name + "mlp.gate_proj.weight"]))
        x = x + F.linear(gate * F.linear(y, p[name + "mlp.up_proj.weight"]), p[name + "mlp.down_proj.weight"])
    out = p["model.embed_tokens.weight"] if config["tiedEmbeddings"] else p["lm_head.weight"]
    logits = F.linear(norm(x, p["model.norm.weight"]), out)
    return F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))


optimizer = torch.optim.AdamW(list(parameters.values()), lr=model["learningRate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
losses, seconds = [], []
for ids in tokens:
    began = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(ids)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(parameters.values()), 1.0)
    optimizer.step()
    seconds.append(time.perf_counter() - began)
    losses.append(loss.item())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"engine": f"PyTorch {torch.__version__}", "losses": losses, "seconds": seconds, "peak": peak}))
