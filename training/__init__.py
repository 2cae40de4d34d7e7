"""Fine-tuning and measuring the network on built examples."""
