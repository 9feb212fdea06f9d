//! What a sequence has read: keys and values, in blocks that sequences share.
//!
//! A [`Sequence`] is a path in a tree. Forking it costs nothing: both go on from the same blocks, and a
//! block that two sequences hold is never written to again. So a response is read once, and every
//! question about it branches from there.

use candle_core::{DType, Device, Result, Tensor};
use std::sync::Arc;

/// Tokens in a block that is begun for a few tokens; a longer stretch gets a block of its own length.
const BLOCK: usize = 32;

/// Keys and values of consecutive tokens in every layer.
struct Block {
    /// One a layer: [capacity, key heads * head width]
    keys: Vec<Tensor>,
    values: Vec<Tensor>,
    capacity: usize,
}

/// A sequence of tokens that has been read. A clone shares what was read so far.
#[derive(Clone, Default)]
pub struct Sequence {
    blocks: Vec<Held>,
    length: usize,
}

/// A block and how many of its tokens belong to this sequence.
#[derive(Clone)]
struct Held {
    block: Arc<Block>,
    used: usize,
}

/// Where new tokens go: tokens `from..from + count` of a stretch, into a block from `place` on.
struct Slot {
    block: usize,
    place: usize,
    from: usize,
    count: usize,
}

/// Room that was made for a stretch of new tokens.
pub(super) struct Room {
    slots: Vec<Slot>,
    count: usize,
}

/// Shape and place of the keys and values of one token in one layer.
#[derive(Clone)]
pub(super) struct Format {
    pub layers: usize,
    /// key heads * head width
    pub width: usize,
    pub dtype: DType,
    pub device: Device,
}

impl Format {
    /// Bytes that one token takes.
    pub(super) fn token_bytes(&self) -> usize {
        2 * self.layers * self.width * self.dtype.size_in_bytes()
    }
}

impl Sequence {
    /// Tokens read.
    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Makes room for `count` more tokens. They belong to the sequence only after
    /// [`Sequence::advance`]: what fails in between leaves it as it was.
    pub(super) fn make_room(&mut self, count: usize, format: &Format) -> Result<Room> {
        let mut slots = Vec::new();
        let mut from = 0;
        if let Some(last) = self.blocks.last_mut() {
            let place = last.used;
            // A block is written to only while no other sequence can see it.
            if Arc::get_mut(&mut last.block).is_some() && place < last.block.capacity {
                let fits = count.min(last.block.capacity - place);
                slots.push(Slot {
                    block: self.blocks.len() - 1,
                    place,
                    from,
                    count: fits,
                });
                from += fits;
            }
        }
        if from < count {
            let capacity = (count - from).next_multiple_of(BLOCK);
            self.blocks.push(Held {
                block: Arc::new(Block::new(capacity, format)?),
                used: 0,
            });
            slots.push(Slot {
                block: self.blocks.len() - 1,
                place: 0,
                from,
                count: count - from,
            });
        }
        Ok(Room { slots, count })
    }

    /// Writes what one layer makes of the new tokens. `keys`, `values`: [count, width].
    pub(super) fn write(
        &self,
        room: &Room,
        layer: usize,
        keys: &Tensor,
        values: &Tensor,
    ) -> Result<()> {
        for slot in &room.slots {
            let block = &self.blocks[slot.block].block;
            for (store, new) in [(&block.keys, keys), (&block.values, values)] {
                let new = new.narrow(0, slot.from, slot.count)?.contiguous()?;
                store[layer].slice_set(&new, 0, slot.place)?;
            }
        }
        Ok(())
    }

    /// The new tokens have been read in every layer.
    pub(super) fn advance(&mut self, room: Room) {
        for slot in &room.slots {
            self.blocks[slot.block].used += slot.count;
        }
        self.length += room.count;
    }

    /// Keys and values of one layer, the new tokens' among them: for each block, the tokens that
    /// count, [tokens, width] each.
    pub(super) fn read(&self, room: &Room, layer: usize) -> Result<Vec<(Tensor, Tensor)>> {
        let new = |index| {
            let slots = room.slots.iter().filter(move |slot| slot.block == index);
            slots.map(|slot| slot.count).sum::<usize>()
        };
        self.blocks
            .iter()
            .enumerate()
            .map(|(index, held)| {
                let count = held.used + new(index);
                let keys = held.block.keys[layer].narrow(0, 0, count)?;
                Ok((keys, held.block.values[layer].narrow(0, 0, count)?))
            })
            .collect()
    }
}

impl Block {
    fn new(capacity: usize, format: &Format) -> Result<Self> {
        let shape = (capacity, format.width);
        let make = || {
            (0..format.layers)
                .map(|_| Tensor::zeros(shape, format.dtype, &format.device))
                .collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            keys: make()?,
            values: make()?,
            capacity,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format {
        layers: 1,
        width: 1,
        dtype: DType::F32,
        device: Device::Cpu,
    };

    fn append(sequence: &mut Sequence, values: &[f32]) {
        let room = sequence.make_room(values.len(), &FORMAT).unwrap();
        let new = Tensor::from_slice(values, (values.len(), 1), &Device::Cpu).unwrap();
        sequence.write(&room, 0, &new, &new).unwrap();
        sequence.advance(room);
    }

    fn content(sequence: &Sequence) -> Vec<f32> {
        let room = Room {
            slots: Vec::new(),
            count: 0,
        };
        let blocks = sequence.read(&room, 0).unwrap();
        let blocks = blocks
            .iter()
            .map(|(keys, _)| keys.flatten_all().unwrap().to_vec1::<f32>().unwrap());
        blocks.flatten().collect()
    }

    #[test]
    fn branches_share_what_came_before_and_nothing_after() {
        let mut trunk = Sequence::default();
        append(&mut trunk, &[1.0, 2.0, 3.0]);
        let mut branches = [trunk.clone(), trunk.clone()];
        append(&mut branches[0], &[4.0]);
        append(&mut branches[1], &[5.0, 6.0]);
        append(&mut branches[0], &[7.0]);
        append(&mut trunk, &[8.0]);
        assert_eq!(content(&branches[0]), [1.0, 2.0, 3.0, 4.0, 7.0]);
        assert_eq!(content(&branches[1]), [1.0, 2.0, 3.0, 5.0, 6.0]);
        assert_eq!(content(&trunk), [1.0, 2.0, 3.0, 8.0]);
        assert_eq!(branches[0].blocks.len(), 2);
        assert!(Arc::ptr_eq(
            &branches[0].blocks[0].block,
            &branches[1].blocks[0].block
        ));
    }

    #[test]
    fn a_block_is_filled_before_the_next_is_begun() {
        let mut sequence = Sequence::default();
        for value in 0..70 {
            append(&mut sequence, &[value as f32]);
        }
        assert_eq!(sequence.blocks.len(), 3);
        assert_eq!(content(&sequence).len(), sequence.len());
        assert_eq!(content(&sequence)[69], 69.0);
    }

    #[test]
    fn what_was_not_finished_is_not_read() {
        let mut sequence = Sequence::default();
        append(&mut sequence, &[1.0]);
        sequence.make_room(40, &FORMAT).unwrap();
        assert_eq!(content(&sequence), [1.0]);
        append(&mut sequence, &[2.0]);
        assert_eq!(content(&sequence), [1.0, 2.0]);
    }
}
