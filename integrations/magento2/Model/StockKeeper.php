<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Magento\CatalogInventory\Api\StockManagementInterface;
use Magento\Framework\Exception\LocalizedException;
use Magento\Framework\Module\Manager;
use Magento\Framework\ObjectManagerInterface;
use Magento\InventorySalesApi\Api\Data\ItemToSellInterfaceFactory;
use Magento\InventorySalesApi\Api\Data\SalesChannelInterface;
use Magento\InventorySalesApi\Api\Data\SalesChannelInterfaceFactory;
use Magento\InventorySalesApi\Api\Data\SalesEventExtensionFactory;
use Magento\InventorySalesApi\Api\Data\SalesEventInterface;
use Magento\InventorySalesApi\Api\Data\SalesEventInterfaceFactory;
use Magento\InventorySalesApi\Api\GetProductSalableQtyInterface;
use Magento\InventorySalesApi\Api\PlaceReservationsForSalesEventInterface;
use Magento\InventorySalesApi\Model\StockByWebsiteIdResolverInterface;
use Magento\Sales\Api\Data\OrderInterface;

/**
 * Books the stock of an imported order: a reservation where the shop has sources, else the stock items.
 *
 * Saving an order books nothing; only Magento's own checkout does, and that refuses what is short. An idealo sale is
 * binding, so the units are booked without asking, and what is short is a warning.
 */
class StockKeeper
{
    public function __construct(
        private readonly Manager $modules,
        // Inventory modules may be removed from a shop, so their classes cannot be constructor arguments.
        private readonly ObjectManagerInterface $objects,
        private readonly StockManagementInterface $legacy
    ) {
    }

    public function kind(): string
    {
        $there = $this->modules->isEnabled('Magento_InventorySales')
            && interface_exists(PlaceReservationsForSalesEventInterface::class);
        return $there ? 'msi' : 'legacy';
    }

    /**
     * @return string[] warnings
     */
    public function book(OrderInterface $order): array
    {
        return $this->kind() === 'msi' ? $this->reserve($order) : $this->subtract($order);
    }

    /**
     * @return string[]
     */
    private function reserve(OrderInterface $order): array
    {
        $website = $order->getStore()->getWebsite();
        $units = $this->units($order);
        $warnings = $this->shortages($units, (int) $website->getId());
        $items = [];
        foreach ($units as $sku => $quantity) {
            $items[] = $this->objects->get(ItemToSellInterfaceFactory::class)
                ->create(['sku' => (string) $sku, 'qty' => -$quantity]);
        }
        $channel = $this->objects->get(SalesChannelInterfaceFactory::class)->create(
            ['data' => ['type' => SalesChannelInterface::TYPE_WEBSITE, 'code' => (string) $website->getCode()]]
        );
        $event = $this->objects->get(SalesEventInterfaceFactory::class)->create([
            'type' => SalesEventInterface::EVENT_ORDER_PLACED,
            'objectType' => SalesEventInterface::OBJECT_TYPE_ORDER,
            'objectId' => (string) $order->getEntityId(),
        ]);
        $more = $this->objects->get(SalesEventExtensionFactory::class)
            ->create(['data' => ['objectIncrementId' => (string) $order->getIncrementId()]]);
        $event->setExtensionAttributes($more);
        $this->objects->get(PlaceReservationsForSalesEventInterface::class)->execute($items, $channel, $event);
        return $warnings;
    }

    /**
     * @param array<string, float> $units
     * @return string[]
     */
    private function shortages(array $units, int $websiteId): array
    {
        $stock = $this->objects->get(StockByWebsiteIdResolverInterface::class)->execute($websiteId);
        $short = [];
        foreach ($units as $sku => $quantity) {
            try {
                $salable = $this->objects->get(GetProductSalableQtyInterface::class)
                    ->execute((string) $sku, (int) $stock->getStockId());
            } catch (LocalizedException $e) {
                continue;
            }
            if ($salable < $quantity) {
                $short[] = sprintf('%s: %g sold, %g in stock at import', $sku, $quantity, max($salable, 0));
            }
        }
        return $short;
    }

    /**
     * @return string[]
     */
    private function subtract(OrderInterface $order): array
    {
        $units = [];
        foreach ($order->getItems() as $item) {
            $id = (int) $item->getProductId();
            $units[$id] = ($units[$id] ?? 0) + (float) $item->getQtyOrdered();
        }
        $websiteId = (int) $order->getStore()->getWebsiteId();
        try {
            $soldOut = $this->legacy->registerProductsSale($units, $websiteId);
        } catch (LocalizedException $e) {
            // One that is short refuses them all. A sale taken back in negative units books them without asking, so
            // that a later cancellation or return gives back what was taken.
            $this->legacy->revertProductsSale(array_map(static fn (float $n): float => -$n, $units), $websiteId);
            return ['booked below zero: ' . $e->getMessage()];
        }
        foreach ($soldOut as $item) {
            $item->save();
        }
        return [];
    }

    /**
     * @return array<string, float> units per SKU
     */
    private function units(OrderInterface $order): array
    {
        $units = [];
        foreach ($order->getItems() as $item) {
            $sku = (string) $item->getSku();
            $units[$sku] = ($units[$sku] ?? 0.0) + (float) $item->getQtyOrdered();
        }
        return $units;
    }
}
