// Takes the place of lab/engine.js where the networks are not what is tested: everything brighter
// than a threshold, pieces that touch at a side. It keeps to the engine's contract.

export class Engine {
  constructor(base) {
    this.base = base;
  }

  async run(tool, image, settings, { onProgress = () => {}, signal } = {}) {
    for (const [step, total] of [["runtime", 1], ["weights", 1], ["network", 4], ["objects", 1]]) {
      for (let done = 0; done < total; done++) {
        onProgress({ step, done, total });
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (signal?.aborted) throw new DOMException("cancelled", "AbortError");
      }
    }
    const own = tool === "stardist" ? { probThreshold: 0.5, nmsThreshold: 0.3, scale: 1 }
      : { cellprobThreshold: 0, flowThreshold: 0.4, minSize: 15, diameter: null };
    this.kept = { image, settings: { ...own, ...settings }, tool };
    return this.answer();
  }

  async again(settings) {
    Object.assign(this.kept.settings, settings);
    return this.answer();
  }

  answer() {
    const { image: { height, width, channels: [pixels] }, settings, tool } = this.kept;
    const high = pixels.reduce((a, b) => Math.max(a, b), 0);
    const probability = pixels.map((value) => value / high);
    const level = tool === "stardist" ? settings.probThreshold / 2 : 0.25 + settings.cellprobThreshold / 20;
    const labels = new Int32Array(pixels.length);
    let count = 0;
    for (let start = 0; start < labels.length; start++) {
      if (labels[start] || probability[start] < level) continue;
      count++;
      const stack = [start];
      labels[start] = count;
      while (stack.length) {
        const i = stack.pop();
        const x = i % width;
        for (const [j, there] of [[i - 1, x > 0], [i + 1, x < width - 1], [i - width, i >= width], [i + width, i < labels.length - width]]) {
          if (!there || labels[j] || probability[j] < level) continue;
          labels[j] = count;
          stack.push(j);
        }
      }
    }
    return { labels, count, height, width, probability, flow: null, settings: { ...this.kept.settings } };
  }

  close() {}
}
