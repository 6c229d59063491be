<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology">
  <pipe>
    <rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor="">
      <colorPalette>
        {% for colour in colours %}
        <paletteEntry value="{{ loop.index0 }}" color="{{ colour.hex }}" alpha="{{ colour.alpha }}" label="{{ loop.index0 }} {{ colour.label }}"/>
        {% endfor %}
      </colorPalette>
    </rasterrenderer>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
