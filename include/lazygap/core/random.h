#pragma once

#include <cstdint>
#include <span>

/// Addressed random numbers: every number is a pure function of its address, so results do not depend on
/// the number of threads, on the order of the work or on interruptions.
///
/// The generator is Philox4x32-10 [SMDS11]. Key = seed (64 bits). Counter = (block, step, index, purpose),
/// 32 bits each; one block is four 32-bit words.
namespace lazygap {

/// What the numbers are for. Two purposes never share a counter.
enum class Purpose : std::uint32_t {
  spectrum = 1,         ///< eigenvalues of the problem
  first_layer = 2,      ///< W of RF and NT, step = neuron
  initial_weights = 3,  ///< W of NN before training, step = neuron
  training = 4,         ///< batches of one-pass SGD, step = SGD step
  testing = 5,          ///< fresh samples for the test risk, step = block of samples
  fitting = 6,          ///< samples of the least-squares fit, step = block of samples
  rotation = 7,         ///< Haar rotations of a spectrum
  bias = 8,             ///< first-layer biases, step = neuron
  label_noise = 9,      ///< additive noise of the labels
  second_layer = 10,    ///< second layer of NN before training, step = neuron
  leverage = 20,        ///< fresh samples of the learning curves, step = block of samples
  one_step = 21,        ///< samples of the one giant step on the first layer, step = block of samples
};

/// Address of a stream: who draws (purpose), for which repetition (index), at which step.
struct RandomAddress {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::spectrum;
  std::uint32_t index = 0;
  std::uint32_t step = 0;
};

/// Fills `out` with independent N(0,1) numbers: fp64, Box-Muller on 53-bit uniforms, two numbers a block.
/// `first_block` (a multiple of 2 numbers) starts further on in the same stream.
void fill_normals(const RandomAddress& address, std::span<double> out, std::uint32_t first_block = 0);

/// Fills `out` with independent N(0,1) numbers: fp32, Box-Muller on 32-bit uniforms, four numbers a block.
void fill_normals(const RandomAddress& address, std::span<float> out, std::uint32_t first_block = 0);

/// Fills `out` with independent uniforms on (0,1), 53 bits, two a block. Never 0 and never 1.
void fill_uniforms(const RandomAddress& address, std::span<double> out, std::uint32_t first_block = 0);

/// Fills `out` with the raw words of the stream, four a block: the same as Random123's philox4x32 (R=10).
void fill_words(const RandomAddress& address, std::span<std::uint32_t> out, std::uint32_t first_block = 0);

}  // namespace lazygap
