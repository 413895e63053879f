/** The networks, run by ONNX Runtime: one thread, no graphics card, the same in every browser. */

import * as ort from "onnxruntime-web/wasm";

/** Hand over the runtime's program. Once, before the first network. */
export function start(program) {
  ort.env.wasm.wasmBinary = program;
  ort.env.wasm.numThreads = 1; // more need headers that a static site does not send
  ort.env.logLevel = "error";
}

export class Network {
  /** model: the bytes of an ONNX file; weights: those of its numbers, where it has none itself */
  static async open(model, weights) {
    const network = new Network();
    network.session = await ort.InferenceSession.create(model, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
      enableCpuMemArena: false, // the arena would keep the most that any size ever took
      ...(weights && { externalData: [{ path: "weights.bin", data: weights }] }),
    });
    return network;
  }

  /** Run it on one array of numbers. Returns {name of output: Float32Array}. */
  async run(values, shape) {
    const [name] = this.session.inputNames;
    const image = new ort.Tensor("float32", values, shape);
    const answer = await this.session.run({ [name]: image });
    const arrays = Object.fromEntries(
      Object.entries(answer).map(([output, tensor]) => [output, tensor.data]),
    );
    image.dispose();
    return arrays;
  }

  async close() {
    await this.session.release();
  }
}
