<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology|Fields|Forms" readOnly="0">
  <renderer-v2 type="categorizedSymbol" attr="coalesce(&quot;verdict&quot;, '')" forceraster="0" enableorderby="0" symbollevels="0">
    <categories>
      {% for verdict in colours %}
      <category symbol="{{ loop.index0 }}" value="{{ verdict }}" label="{{ verdict or 'not reviewed' }}" render="true"/>
      {% endfor %}
    </categories>
    <symbols>
      {% for colour in colours.values() %}
      <symbol type="fill" name="{{ loop.index0 }}" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option name="color" type="QString" value="{{ colour }},255"/>
            <Option name="style" type="QString" value="no"/>
            <Option name="outline_color" type="QString" value="{{ colour }},255"/>
            <Option name="outline_style" type="QString" value="solid"/>
            <Option name="outline_width" type="QString" value="0.8"/>
            <Option name="outline_width_unit" type="QString" value="MM"/>
            <Option name="joinstyle" type="QString" value="miter"/>
          </Option>
          <prop k="color" v="{{ colour }},255"/>
          <prop k="style" v="no"/>
          <prop k="outline_color" v="{{ colour }},255"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.8"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
      {% endfor %}
    </symbols>
  </renderer-v2>
  <fieldConfiguration>
    {% for name, words in choices.items() %}
    <field name="{{ name }}">
      <editWidget type="ValueMap">
        <config>
          <Option type="Map">
            <Option name="map" type="List">
              {% for word in words %}
              <Option type="Map">
                <Option name="{{ word }}" type="QString" value="{{ word }}"/>
              </Option>
              {% endfor %}
            </Option>
          </Option>
        </config>
      </editWidget>
    </field>
    {% endfor %}
    {% for name in answer_fields if name not in choices %}
    <field name="{{ name }}">
      <editWidget type="TextEdit">
        <config>
          <Option type="Map">
            <Option name="IsMultiline" type="bool" value="{{ 'true' if name == 'why' else 'false' }}"/>
            <Option name="UseHtml" type="bool" value="false"/>
          </Option>
        </config>
      </editWidget>
    </field>
    {% endfor %}
  </fieldConfiguration>
  <aliases>
    <alias field="what" name="what it is, if it is no mine"/>
    <alias field="who" name="reviewer"/>
    <alias field="when" name="day of the review (2026-03-01)"/>
    <alias field="why" name="reason (what you see)"/>
    <alias field="seen_from" name="mine from this day on (empty: always)"/>
    <alias field="seen_to" name="mine up to this day (empty: always)"/>
  </aliases>
  <defaults>
    <default field="when" expression="if(&quot;verdict&quot; is null, null, coalesce(&quot;when&quot;, format_date(now(), 'yyyy-MM-dd')))" applyOnUpdate="1"/>
    <default field="who" expression="if(&quot;verdict&quot; is null, null, coalesce(&quot;who&quot;, @user_full_name))" applyOnUpdate="1"/>
  </defaults>
  <editable>
    {% for name in question_fields %}
    <field name="{{ name }}" editable="0"/>
    {% endfor %}
    {% for name in answer_fields %}
    <field name="{{ name }}" editable="1"/>
    {% endfor %}
  </editable>
  <layerGeometryType>2</layerGeometryType>
</qgis>
